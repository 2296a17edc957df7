//! Joins rows to invoices within a bounded look-back.

use super::item::{Item, Reason};
use super::{Counts, ImportError};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// An invoice is complete once this many rows have passed without one of its
/// own. At most this many rows are held back.
pub const LOOK_BACK: u64 = 10_000;
/// Most lines of one invoice; beyond, no request could carry it.
pub(super) const MAX_LINES: usize = domain::order::MAX_LINES;

/// A row that makes sense.
pub(super) trait Row: Send {
    /// Number of the line in the file, from 1.
    fn line(&self) -> u64;
    /// Number of the invoice that it belongs to.
    fn invoice(&self) -> &str;
}

/// A row that does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadRow {
    /// Number of the line in the file, from 1.
    pub line: u64,
    /// Invoice number, where it can be trusted to be one.
    pub invoice: Option<String>,
    /// What is wrong.
    pub reason: Reason,
}

/// An invoice being put together of its rows.
pub(super) trait Assembly: Default + Send {
    /// What it is made of.
    type Row: Row;

    /// Takes in its next row.
    ///
    /// # Errors
    /// Why the whole invoice is refused; the row belongs to it all the same.
    fn add(&mut self, row: Self::Row) -> Result<(), Reason>;

    /// The order that it is; there was a row, and nothing was wrong.
    ///
    /// # Errors
    /// Why it is none.
    fn into_order(self, invoice: &str) -> Result<Order, Refused>;
}

/// An order to send.
pub(super) struct Order {
    /// Deterministic: the same invoice has the same key in every import.
    pub idempotency_key: String,
    /// The request's body, JSON.
    pub body: Vec<u8>,
}

/// Why an invoice is no order.
pub(super) enum Refused {
    /// Something is wrong with it.
    Because(Reason),
    /// Something is wrong with the import.
    Failed(ImportError),
}

/// The invoices that may still get a line.
///
/// Of those that are closed a fingerprint of 16 bytes each is kept, so that a
/// line that comes too late is known as one.
pub(super) struct Window<A> {
    look_back: u64,
    open: HashMap<String, Held<A>>,
    /// Line and invoice of each row within the look-back, oldest first. An
    /// invoice is closed when its newest entry leaves.
    recent: VecDeque<(u64, String)>,
    closed: HashSet<u128>,
    invoices: u64,
}

/// An invoice that may still get a line.
#[derive(Default)]
struct Held<A> {
    /// Line of its newest row in the file.
    last_line: u64,
    lines: Vec<u64>,
    assembly: A,
    /// Why it cannot be sent; the first reason stands.
    spoiled: Option<Reason>,
}

impl<A: Assembly> Held<A> {
    /// It will be refused for this reason, unless there is one already.
    fn spoil(&mut self, reason: Reason) {
        self.spoiled.get_or_insert(reason);
    }

    /// What becomes of it once it is complete.
    fn into_item(self, invoice: String) -> Result<Item, ImportError> {
        let none = || Reason::new("incomplete_invoice", "none of its lines can be read");
        let spoiled = self.spoiled.or_else(|| self.lines.is_empty().then(none));
        let order = match spoiled {
            Some(reason) => Err(Refused::Because(reason)),
            None => self.assembly.into_order(&invoice),
        };
        let lines = self.lines;
        match order {
            Ok(order) => Ok(Item::Order {
                invoice,
                lines,
                idempotency_key: order.idempotency_key,
                body: order.body,
            }),
            Err(Refused::Because(reason)) => Ok(Item::RefusedInvoice {
                invoice,
                lines,
                reason,
            }),
            Err(Refused::Failed(error)) => Err(error),
        }
    }
}

/// Rows gathered to orders, beside those that are complete and not taken yet.
pub(super) struct Gathered<A> {
    window: Window<A>,
    ready: VecDeque<Item>,
    rows: u64,
}

impl<A: Assembly> Gathered<A> {
    /// No row yet.
    pub fn new() -> Self {
        Self {
            window: Window::new(LOOK_BACK),
            ready: VecDeque::new(),
            rows: 0,
        }
    }

    /// Takes in a row.
    pub fn take(&mut self, row: Result<A::Row, BadRow>) -> Result<(), ImportError> {
        self.rows += 1;
        match row {
            Ok(row) => self.window.take(row, &mut self.ready),
            Err(bad) => self.window.take_bad(bad, &mut self.ready),
        }
    }

    /// Closes everything: the rows have ended.
    pub fn finish(&mut self) -> Result<(), ImportError> {
        self.ready.extend(self.window.finish()?);
        Ok(())
    }

    /// What is complete, the oldest first.
    pub fn pop(&mut self) -> Option<Item> {
        self.ready.pop_front()
    }

    /// What was not taken, and gives up everything that is open.
    pub fn abandon(&mut self) -> Vec<Item> {
        let mut items: Vec<Item> = self.ready.drain(..).collect();
        items.extend(self.window.abandon());
        items
    }

    /// What there was.
    pub const fn read(&self) -> Counts {
        Counts {
            invoices: self.window.invoices(),
            lines: self.rows,
        }
    }
}

impl<A: Assembly> Window<A> {
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
    pub fn take(&mut self, row: A::Row, ready: &mut VecDeque<Item>) -> Result<(), ImportError> {
        let (line, number) = (row.line(), row.invoice().to_owned());
        self.close_before(line, ready)?;
        let Some(invoice) = self.touch(&number, line) else {
            ready.push_back(self.too_late(line, number));
            return Ok(());
        };
        if invoice.lines.len() == MAX_LINES {
            let reason = Reason::new("too_many_lines", format!("more than {MAX_LINES} lines"));
            invoice.spoil(reason.clone());
            ready.push_back(refused(line, Some(number), reason));
            return Ok(());
        }
        invoice.lines.push(line);
        if let Err(reason) = invoice.assembly.add(row) {
            invoice.spoil(reason);
        }
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
            invoice.spoil(Reason::new("incomplete_invoice", detail));
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
            lines: held.lines,
        })
        .collect()
    }

    /// The open invoice of that number, opened if need be; none once closed.
    fn touch(&mut self, number: &str, line: u64) -> Option<&mut Held<A>> {
        if !self.open.contains_key(number) {
            if self.closed.contains(&fingerprint(number)) {
                return None;
            }
            self.invoices += 1;
            self.open.insert(number.to_owned(), Held::default());
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

    fn too_late(&self, line: u64, invoice: String) -> Item {
        let detail = format!(
            "its invoice was complete after {} rows without a line of it",
            self.look_back
        );
        refused(line, Some(invoice), Reason::new("line_too_late", detail))
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
    use crate::import::formats::online_retail::{Invoice, fields::Fields, row::parse};
    use serde_json::Value;

    fn items(look_back: u64, rows: &[&str]) -> Vec<Item> {
        let mut window = Window::<Invoice>::new(look_back);
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
