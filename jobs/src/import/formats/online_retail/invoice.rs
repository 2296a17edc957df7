//! One invoice being put together.

use super::row::Row;
use super::{CURRENCY, PLATFORM};
use crate::import::body::{LineBody, OrderBody, idempotency_key};
use crate::import::item::Reason;
use crate::import::window::{Assembly, Order, Refused};
use contracts::order::{Address, Customer, Kind};
use time::OffsetDateTime;

/// An invoice that may still get a line.
#[derive(Default)]
pub(in crate::import) struct Invoice {
    lines: Vec<LineBody>,
    placed_at: Option<OffsetDateTime>,
    customer: Option<String>,
    country: Option<&'static str>,
}

impl Assembly for Invoice {
    type Row = Row;

    fn add(&mut self, row: Row) -> Result<(), Reason> {
        let other_customer =
            matches!((&self.customer, &row.customer), (Some(a), Some(b)) if a != b);
        let other_country = self.country.is_some_and(|c| c != row.country);
        self.lines.push(row.body);
        self.placed_at = Some(self.placed_at.map_or(row.at, |at| at.min(row.at)));
        self.customer = self.customer.take().or(row.customer);
        self.country = Some(row.country);
        if other_customer || other_country {
            let detail = format!("its line {} names another customer or country", row.line);
            return Err(Reason::new("inconsistent_invoice", detail));
        }
        Ok(())
    }

    fn into_order(self, invoice: &str) -> Result<Order, Refused> {
        let body = OrderBody {
            customer: self.customer.map(|id| Customer {
                id: Some(id),
                ..Customer::default()
            }),
            lines: self.lines,
            shipping_address: Some(Address {
                country: self.country.map(str::to_owned),
                ..Address::default()
            }),
            ..OrderBody::new(
                (PLATFORM, invoice, CURRENCY),
                kind(invoice),
                self.placed_at.unwrap_or(OffsetDateTime::UNIX_EPOCH),
            )
        };
        Ok(Order {
            idempotency_key: idempotency_key(PLATFORM, invoice),
            body: body.encode().map_err(Refused::Failed)?,
        })
    }
}

/// What an invoice number says about the document.
fn kind(invoice: &str) -> Kind {
    match invoice.as_bytes().first() {
        Some(b'C') => Kind::Credit,
        Some(b'A') => Kind::Adjustment,
        _ => Kind::Order,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_letter_is_the_kind() {
        assert_eq!(kind("C536379"), Kind::Credit);
        assert_eq!(kind("A563185"), Kind::Adjustment);
        assert_eq!(kind("536365"), Kind::Order);
    }
}
