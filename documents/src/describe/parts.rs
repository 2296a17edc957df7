//! What documents have in common.

use super::address;
use crate::{
    locale::{Locale, Money},
    seller::Seller,
    sheet::{Align, Cell, Party, Table},
    tax::{Rate, Taxed, summed},
};
use contracts::order::{Address, Line, Order};
use std::cmp::Reverse;

/// The most rates that are told apart.
const MOST_RATES: usize = 8;

/// An order as the documents of a seller tell it.
pub struct Telling<'a> {
    pub order: &'a Order,
    pub seller: &'a Seller,
    pub locale: Locale,
    pub money: Money,
}

impl<'a> Telling<'a> {
    pub fn of(order: &'a Order, seller: &'a Seller) -> Self {
        let locale = seller.locale;
        let money = Money::of(locale, &order.currency);
        Self {
            order,
            seller,
            locale,
            money,
        }
    }

    /// The number of the order's invoice, as it is printed.
    pub fn invoice_number(&self, number: i64) -> String {
        match &self.seller.invoice_prefix {
            Some(prefix) => format!("{prefix}{number}"),
            None => format!("{}-{number}", self.order.platform),
        }
    }

    /// What is to be known about the order.
    pub fn facts(&self) -> Vec<(String, String)> {
        let words = self.locale.words();
        let order = self.order;
        let date = order.placed_at.unwrap_or(order.created_at);
        let customer = order
            .customer
            .as_ref()
            .and_then(|customer| customer.id.clone());
        let facts = [
            (words.order_number, Some(order.number.clone())),
            (words.order_date, Some(self.locale.date(date))),
            (words.reference, order.external_id.clone()),
            (words.customer_number, customer),
        ];
        told(facts)
    }

    /// Where the bill goes, and where the goods go where that is elsewhere.
    pub fn parties(&self) -> Vec<Party> {
        let words = self.locale.words();
        let shipping = self.addressed(self.order.shipping_address.as_ref());
        let billing = self.billed();
        let shipping = Some(shipping).filter(|lines| !lines.is_empty() && *lines != billing);
        let to = |label: &str, lines| Party {
            label: label.to_owned(),
            lines,
        };
        let shipping = shipping.map(|lines| to(words.ship_to, lines));
        [to(words.bill_to, billing)]
            .into_iter()
            .chain(shipping)
            .collect()
    }

    /// Who the bill goes to: the billing address, else the shipping address,
    /// else whatever is known of the customer.
    fn billed(&self) -> Vec<String> {
        let order = self.order;
        let addresses = [&order.billing_address, &order.shipping_address];
        let mut lines = addresses.into_iter().flatten();
        let lines = lines.find_map(|address| {
            Some(self.addressed(Some(address))).filter(|lines| !lines.is_empty())
        });
        let customer = order.customer.as_ref();
        let called =
            customer.and_then(|customer| customer.name.as_ref().or(customer.email.as_ref()));
        lines.unwrap_or_else(|| called.cloned().into_iter().collect())
    }

    /// An address; one that names nobody is the customer's.
    fn addressed(&self, address: Option<&Address>) -> Vec<String> {
        let Some(address) = address else {
            return Vec::new();
        };
        let mut lines = address::lines(address);
        let is_nameless = address.name.is_none() && address.company.is_none();
        if is_nameless && !lines.is_empty() {
            let customer = self.order.customer.as_ref();
            lines.splice(0..0, customer.and_then(|customer| customer.name.clone()));
        }
        lines
    }

    /// A rate as it is printed.
    pub fn rate(&self, rate: Option<Rate>) -> String {
        match rate {
            Some(rate) => self.locale.percent(rate.thousandths()),
            None => self.locale.words().other_rate.to_owned(),
        }
    }

    /// The taxes, rate by rate; none where there is no tax at all.
    pub fn taxes(&self, taxed: &[Taxed]) -> Option<Table> {
        if taxed.iter().all(|taxed| taxed.tax == 0) {
            return None;
        }
        let words = self.locale.words();
        let taxed = few(taxed);
        let mut table = Table::new([
            (words.tax_rate, Align::Wrapped),
            (words.net, Align::Right),
            (words.tax, Align::Right),
            (words.gross, Align::Right),
        ]);
        table.rows = taxed
            .iter()
            .map(|taxed| {
                let amounts = [taxed.net, taxed.tax, taxed.gross()];
                let amounts = amounts.into_iter().map(|amount| self.money.amount(amount));
                let cells = [self.rate(taxed.rate)].into_iter().chain(amounts);
                cells.map(Cell::from).collect()
            })
            .collect();
        Some(table)
    }
}

/// The same in as many rows as fit on a page: where there are more rates, they
/// are none, and the smaller ones stand in one row.
fn few(taxed: &[Taxed]) -> Vec<Taxed> {
    let mut largest: Vec<_> = taxed.iter().map(|taxed| taxed.net.abs()).collect();
    largest.sort_unstable_by_key(|net| Reverse(*net));
    let Some(least) = largest.get(MOST_RATES) else {
        return taxed.to_vec();
    };
    let other = |taxed: &Taxed| Taxed {
        rate: None,
        ..*taxed
    };
    summed(taxed.iter().map(|taxed| {
        if taxed.net.abs() > *least {
            *taxed
        } else {
            other(taxed)
        }
    }))
}

/// Facts that are known.
pub fn told<const N: usize>(facts: [(&str, Option<String>); N]) -> Vec<(String, String)> {
    let known = facts
        .into_iter()
        .filter_map(|(label, value)| Some((label, value?)));
    let known = known.filter(|(_, value)| !value.is_empty());
    known
        .map(|(label, value)| (label.to_owned(), value))
        .collect()
}

/// What a line is of. Lines of imported orders may have no name.
pub fn item(line: &Line) -> Cell {
    if line.name.is_empty() {
        return line.sku.clone().into();
    }
    Cell {
        text: line.name.clone(),
        detail: vec![line.sku.clone()],
    }
}
