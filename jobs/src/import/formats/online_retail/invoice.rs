//! One invoice being put together.

use super::row::Row;
use super::{CURRENCY, PLATFORM};
use crate::import::ImportError;
use crate::import::body::{LineBody, OrderBody, idempotency_key};
use crate::import::item::{Item, Reason};
use contracts::order::{Address, Customer, Kind};
use time::OffsetDateTime;

/// Most lines of one invoice; beyond, no request could carry it.
pub(super) const MAX_LINES: usize = 10_000;

/// An invoice that may still get a line.
pub(super) struct Invoice {
    /// Line of its newest row in the file.
    pub last_line: u64,
    lines: Vec<u64>,
    bodies: Vec<LineBody>,
    placed_at: Option<OffsetDateTime>,
    customer: Option<String>,
    country: Option<&'static str>,
    /// Why it cannot be sent; the first reason stands.
    spoiled: Option<Reason>,
}

impl Invoice {
    /// Without a line yet.
    pub const fn empty() -> Self {
        Self {
            last_line: 0,
            lines: Vec::new(),
            bodies: Vec::new(),
            placed_at: None,
            customer: None,
            country: None,
            spoiled: None,
        }
    }

    /// Whether no further line can be taken.
    pub const fn is_full(&self) -> bool {
        self.lines.len() == MAX_LINES
    }

    /// It will be refused for this reason, unless there is one already.
    pub fn spoil(&mut self, reason: &Reason) {
        self.spoiled.get_or_insert_with(|| reason.clone());
    }

    /// Takes in its next row.
    pub fn add(&mut self, row: Row) {
        let other_customer =
            matches!((&self.customer, &row.customer), (Some(a), Some(b)) if a != b);
        let other_country = self.country.is_some_and(|c| c != row.country);
        if other_customer || other_country {
            let detail = format!("its line {} names another customer or country", row.line);
            self.spoil(&Reason::new("inconsistent_invoice", detail));
        }
        self.lines.push(row.line);
        self.bodies.push(row.body);
        self.placed_at = Some(self.placed_at.map_or(row.at, |at| at.min(row.at)));
        self.customer = self.customer.take().or(row.customer);
        self.country = Some(row.country);
    }

    /// Numbers of its lines, when it is given up.
    pub fn into_lines(self) -> Vec<u64> {
        self.lines
    }

    /// What becomes of it once it is complete.
    pub fn into_item(self, invoice: String) -> Result<Item, ImportError> {
        let (placed_at, country) = match (self.spoiled, self.placed_at, self.country) {
            (None, Some(placed_at), Some(country)) => (placed_at, country),
            // Without a reason there is no row either; both come together.
            (reason, ..) => {
                let none = || Reason::new("incomplete_invoice", "none of its lines can be read");
                return Ok(Item::RefusedInvoice {
                    invoice,
                    lines: self.lines,
                    reason: reason.unwrap_or_else(none),
                });
            }
        };
        let body = OrderBody {
            platform: PLATFORM,
            external_id: &invoice,
            kind: kind(&invoice),
            currency: CURRENCY,
            customer: self.customer.map(|id| Customer {
                id: Some(id),
                ..Customer::default()
            }),
            lines: &self.bodies,
            shipping_address: Address {
                country: Some(country.to_owned()),
                ..Address::default()
            },
            placed_at,
        };
        Ok(Item::Order {
            body: body.encode()?,
            idempotency_key: idempotency_key(PLATFORM, &invoice),
            lines: self.lines,
            invoice,
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
