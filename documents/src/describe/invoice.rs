//! Invoices.

use super::parts::{Telling, item, told};
use crate::{
    seller::Seller,
    sheet::{Align, Cell, Sheet, Sum, SumWeight, Table, told as with},
    tax::{Rates, discounted, quantity},
};
use contracts::order::{Line, Order, Totals};
use time::OffsetDateTime;

/// An invoice: the order as it was when it got its number, and what was paid
/// by now.
#[derive(Debug, Clone, Copy)]
pub struct Invoice<'a> {
    /// The order in the version that recorded the number. What it says never
    /// changes.
    pub issued: &'a Order,
    /// Its number.
    pub number: i64,
    /// When it got it.
    pub issued_at: OffsetDateTime,
    /// The order in the version that the payments are told of.
    pub now: &'a Order,
}

/// The invoice as its seller writes it.
pub fn invoice(invoice: &Invoice<'_>, seller: &Seller) -> Sheet {
    let telling = Telling::of(invoice.issued, seller);
    let words = telling.locale.words();
    let number = telling.invoice_number(invoice.number);
    let rates = Rates::of(invoice.issued, &seller.tax_rates);
    let mut facts = told([
        (words.invoice_number, Some(number.clone())),
        (
            words.invoice_date,
            Some(telling.locale.date(invoice.issued_at)),
        ),
    ]);
    facts.extend(telling.facts());
    let mut sums = telling.sums();
    sums.extend(telling.payments(invoice.now));
    let mut notes = Vec::new();
    if invoice.issued.prices_include_tax {
        notes.push(words.prices_include_tax.to_owned());
    }
    Sheet {
        title: words.invoice.to_owned(),
        number,
        slug: "invoice",
        facts,
        parties: telling.parties(),
        lines: telling.lines(&rates),
        sums,
        taxes: telling.taxes(&rates.taxed(invoice.issued)),
        notes,
    }
}

impl Telling<'_> {
    /// The lines that are not called off. What no line has makes no column.
    fn lines(&self, rates: &Rates) -> Table {
        let words = self.locale.words();
        let lines: Vec<_> = self
            .order
            .lines
            .iter()
            .filter(|line| quantity(line) != 0)
            .collect();
        let has_discounts = lines.iter().any(|line| discount(line) != 0);
        let has_taxes = lines.iter().any(|line| line.tax != 0);
        let amount = with(words.amount_in, self.money.code());
        let mut table = Table::new([
            (words.position, Align::Right),
            (words.item, Align::Wrapped),
            (words.quantity, Align::Right),
            (words.unit_price, Align::Right),
            (words.discount, Align::Right),
            (words.tax_rate, Align::Right),
            (amount.as_str(), Align::Right),
        ]);
        let shown = [true, true, true, true, has_discounts, has_taxes, true];
        let row = |(position, line): (i64, &&Line)| -> Vec<Cell> {
            [
                position.to_string().into(),
                item(line),
                self.locale.count(quantity(line)).into(),
                self.money.unit_price(&line.unit_price).into(),
                self.money.amount(-discount(line)).into(),
                self.rate(rates.line(line)).into(),
                self.money.amount(discounted(line)).into(),
            ]
            .into()
        };
        table.rows = (1..).zip(&lines).map(row).collect();
        let keep = |cells: &mut Vec<Cell>| {
            let mut shown = shown.into_iter();
            cells.retain(|_| shown.next().unwrap_or_default());
        };
        table.rows.iter_mut().for_each(keep);
        let mut shown = shown.into_iter();
        table.columns.retain(|_| shown.next().unwrap_or_default());
        table
    }

    /// From the lines to the total.
    fn sums(&self) -> Vec<Sum> {
        let (words, totals) = (self.locale.words(), &self.order.totals);
        let amount = |amount| self.money.amount(amount);
        let mut sums = vec![Sum::plain(words.items, amount(totals.items))];
        if totals.discounts != 0 {
            sums.push(Sum::plain(words.discounts, amount(-totals.discounts)));
            let subtotal = totals.items - totals.discounts;
            sums.push(Sum::plain(words.subtotal, amount(subtotal)));
        }
        if self.order.shipping.is_some() || totals.shipping != 0 {
            sums.push(Sum::plain(words.shipping, amount(totals.shipping)));
        }
        if totals.tax != 0 {
            sums.push(Sum::plain(words.tax, amount(totals.tax)));
        }
        let total = self.money.with_currency(totals.total);
        sums.push(Sum::new(words.total, total, SumWeight::Total));
        if totals.included_tax != 0 {
            let included = amount(totals.included_tax);
            sums.push(Sum::new(words.included_tax, included, SumWeight::Light));
        }
        sums
    }

    /// From the total to what is still to be paid, by what has become of the
    /// order since.
    fn payments(&self, now: &Order) -> Vec<Sum> {
        let (words, totals) = (self.locale.words(), &now.totals);
        let rows = [
            (words.changed, totals.total - self.order.totals.total),
            (words.credited, -totals.credited),
            (words.paid, -totals.captured),
            (words.refunded, totals.refunded),
            (words.charged_back, totals.charged_back),
        ];
        let moved = rows.into_iter().filter(|(_, amount)| *amount != 0);
        let moved: Vec<_> = moved
            .map(|(label, amount)| Sum::plain(label, self.money.amount(amount)))
            .collect();
        let as_of = with(words.payments_as_of, &self.locale.date(now.updated_at));
        let heading = Sum::new(&as_of, String::new(), SumWeight::Light);
        let heading = Some(heading).filter(|_| !moved.is_empty());
        heading
            .into_iter()
            .chain(moved)
            .chain([self.balance(totals)])
            .collect()
    }

    fn balance(&self, totals: &Totals) -> Sum {
        let words = self.locale.words();
        let label = match totals.balance_due {
            0 if totals.captured != 0 => words.settled,
            due if due < 0 => words.balance_owed,
            _ => words.balance_due,
        };
        let due = self.money.with_currency(totals.balance_due);
        Sum::new(label, due, SumWeight::Total)
    }
}

/// All that is off a line: its own discount, and its share of the order's.
fn discount(line: &Line) -> i64 {
    line.discount + line.allocated_discount
}
