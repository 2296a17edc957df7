//! Joins rows to invoices within a bounded look-back.

use super::invoice::{Invoice, MAX_LINES};
use super::row::{BadRow, Row};
use crate::import::ImportError;
use crate::import::item::{Item, Reason};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// An invoice is complete once this many rows have passed without one of its
/// own. At most this many rows are held back.
pub const LOOK_BACK: u64 = 10_000;

/// The invoices that may still get a line.
///
/// Of those that are closed a fingerprint of 16 bytes each is kept, so that a
/// line that comes too late is known as one.
pub(super) struct Window {
    look_back: u64,
    open: HashMap<String, Invoice>,
    /// Line and invoice of each row within the look-back, oldest first. An
    /// invoice is closed when its newest entry leaves.
    recent: VecDeque<(u64, String)>,
    closed: HashSet<u128>,
    invoices: u64,
}

impl Window {
    /// An empty window over the last `look_back` rows.
    pub fn new(look_back: u64) -> Self {
        Self {
            look_back,
            open: HashMap::new(),
            recent: VecDeque::new(),
            closed: HashSet::new(),
            invoices: 0,
        }
    }

    /// How many invoices have been seen.
    pub const fn invoices(&self) -> u64 {
        self.invoices
    }

    /// Takes in a row; what is complete by it goes to `ready`.
    pub fn take(&mut self, row: Row, ready: &mut VecDeque<Item>) -> Result<(), ImportError> {
        self.close_before(row.line, ready)?;
        let line = row.line;
        let Some(invoice) = self.touch(&row.invoice, line) else {
            ready.push_back(self.too_late(row));
            return Ok(());
        };
        if invoice.is_full() {
            let reason = Reason::new("too_many_lines", format!("more than {MAX_LINES} lines"));
            invoice.spoil(&reason);
            ready.push_back(refused(line, Some(row.invoice), reason));
            return Ok(());
        }
        invoice.add(row);
        Ok(())
    }

    /// Takes in a row that cannot be read: it is refused, and its invoice will
    /// be when it is complete.
    pub fn take_bad(&mut self, bad: BadRow, ready: &mut VecDeque<Item>) -> Result<(), ImportError> {
        self.close_before(bad.line, ready)?;
        if let Some(number) = &bad.invoice
            && let Some(invoice) = self.touch(number, bad.line)
        {
            let detail = format!("its line {} cannot be read ({})", bad.line, bad.reason.code);
            invoice.spoil(&Reason::new("incomplete_invoice", detail));
        }
        ready.push_back(refused(bad.line, bad.invoice, bad.reason));
        Ok(())
    }

    /// Closes everything: the file has ended.
    pub fn finish(&mut self) -> Result<Vec<Item>, ImportError> {
        let mut ready = VecDeque::new();
        self.close_before(u64::MAX, &mut ready)?;
        Ok(ready.into())
    }

    /// Gives up everything that is open.
    pub fn abandon(&mut self) -> Vec<Item> {
        self.recent.clear();
        let open = self.open.drain();
        open.map(|(invoice, held)| Item::Unfinished {
            invoice,
            lines: held.into_lines(),
        })
        .collect()
    }

    /// The open invoice of that number, opened if need be; none once closed.
    fn touch(&mut self, number: &str, line: u64) -> Option<&mut Invoice> {
        if !self.open.contains_key(number) {
            if self.closed.contains(&fingerprint(number)) {
                return None;
            }
            self.invoices += 1;
            self.open.insert(number.to_owned(), Invoice::empty());
        }
        self.recent.push_back((line, number.to_owned()));
        let invoice = self.open.get_mut(number)?;
        invoice.last_line = line;
        Some(invoice)
    }

    fn close_before(&mut self, line: u64, ready: &mut VecDeque<Item>) -> Result<(), ImportError> {
        while let Some((oldest, _)) = self.recent.front()
            && line - oldest > self.look_back
        {
            let Some((oldest, number)) = self.recent.pop_front() else {
                break;
            };
            if self
                .open
                .get(&number)
                .is_some_and(|i| i.last_line == oldest)
                && let Some(invoice) = self.open.remove(&number)
            {
                self.closed.insert(fingerprint(&number));
                ready.push_back(invoice.into_item(number)?);
            }
        }
        Ok(())
    }

    fn too_late(&self, row: Row) -> Item {
        let detail = format!(
            "its invoice was complete after {} rows without a line of it",
            self.look_back
        );
        refused(
            row.line,
            Some(row.invoice),
            Reason::new("line_too_late", detail),
        )
    }
}

fn refused(line: u64, invoice: Option<String>, reason: Reason) -> Item {
    Item::RefusedLine {
        line,
        invoice,
        reason,
    }
}

/// 128 bits of an invoice number: a chance meeting of two numbers is out of
/// the question.
fn fingerprint(number: &str) -> u128 {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        (seed, number).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::formats::online_retail::{fields::Fields, row::parse};
    use serde_json::Value;

    fn items(look_back: u64, rows: &[&str]) -> Vec<Item> {
        let mut window = Window::new(look_back);
        let (mut fields, mut ready) = (Fields::new(), VecDeque::new());
        for (line, row) in (2..).zip(rows) {
            fields.split(row.as_bytes());
            match parse(line, &fields) {
                Ok(row) => window.take(row, &mut ready).expect("encodable"),
                Err(bad) => window.take_bad(bad, &mut ready).expect("encodable"),
            }
        }
        ready.extend(window.finish().expect("encodable"));
        ready.into()
    }

    fn row(invoice: &str, minute: u32) -> String {
        format!("{invoice},S{minute},n,1,2010-12-01 08:{minute:02}:00,1.5,17.0,EIRE")
    }

    fn order(item: &Item) -> (Value, &[u64]) {
        match item {
            Item::Order { body, lines, .. } => (
                serde_json::from_slice(body).expect("JSON"),
                lines.as_slice(),
            ),
            other => panic!("not an order: {other:?}"),
        }
    }

    #[test]
    fn lines_that_stand_apart_are_one_order_placed_at_the_earliest_time() {
        let rows = [
            row("1", 27),
            row("2", 30),
            row("2", 31),
            row("1", 26),
            row("1", 26),
        ];
        let items = items(3, &rows.each_ref().map(String::as_str));
        assert_eq!(items.len(), 2);
        let (second, _) = order(&items[0]);
        assert_eq!(second["external_id"], "2");
        let (first, lines) = order(&items[1]);
        assert_eq!(lines, [2, 5, 6]);
        let expected = serde_json::json!({
            "platform": "online-retail",
            "external_id": "1",
            "kind": "order",
            "currency": "GBP",
            "customer": {"id": "17"},
            "lines": [
                {"sku": "S27", "name": "n", "quantity": 1, "unit_price": 150},
                {"sku": "S26", "name": "n", "quantity": 1, "unit_price": 150},
                {"sku": "S26", "name": "n", "quantity": 1, "unit_price": 150},
            ],
            "shipping_address": {"country": "IE"},
            "placed_at": "2010-12-01T08:26:00Z",
        });
        assert_eq!(first, expected);
    }

    #[test]
    fn a_line_beyond_the_look_back_is_refused_and_not_a_second_order() {
        let rows = [row("1", 1), row("2", 2), row("3", 3), row("1", 4)];
        let items = items(2, &rows.each_ref().map(String::as_str));
        let late = items.iter().find(|i| matches!(i, Item::RefusedLine { .. }));
        assert!(
            matches!(late, Some(Item::RefusedLine { line: 5, invoice: Some(number), reason })
                if number == "1" && reason.code == "line_too_late"),
            "{late:?}"
        );
        let orders = items.iter().filter(|i| matches!(i, Item::Order { .. }));
        assert_eq!(orders.count(), 3);
    }

    #[test]
    fn an_unreadable_line_refuses_its_whole_invoice_and_no_other() {
        let bad = row("1", 2).replace(",1,", ",one,");
        let rows = [row("1", 1), bad, row("2", 3)];
        let items = items(9, &rows.each_ref().map(String::as_str));
        assert!(matches!(&items[0], Item::RefusedLine { line: 3, .. }));
        assert!(
            matches!(&items[1], Item::RefusedInvoice { invoice, lines, reason }
                if invoice == "1" && lines == &[2] && reason.code == "incomplete_invoice"),
            "{items:?}"
        );
        assert_eq!(order(&items[2]).1, [4]);
    }

    #[test]
    fn an_invoice_of_two_countries_is_refused() {
        let rows = [row("1", 1), row("1", 1).replace("EIRE", "France")];
        let items = items(9, &rows.each_ref().map(String::as_str));
        assert!(
            matches!(&items[..], [Item::RefusedInvoice { reason, .. }]
                if reason.code == "inconsistent_invoice"),
            "{items:?}"
        );
    }

    #[test]
    fn an_endless_invoice_is_cut_off_and_refused() {
        let row = row("1", 1);
        let rows = vec![row.as_str(); MAX_LINES + 2];
        let items = items(LOOK_BACK, &rows);
        assert_eq!(items.len(), 3);
        assert!(
            matches!(&items[2], Item::RefusedInvoice { lines, reason, .. }
                if lines.len() == MAX_LINES && reason.code == "too_many_lines")
        );
    }
}
