//! What is told of customers, and the rows that it is read from.

use crate::routes::statistics::{
    customers::{ANYTHING, SUMS},
    rows::from_row,
};
use contracts::order::{Address, OrderStatus};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::{Error, FromRow as _, Row as _, postgres::PgRow};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A customer. Name and email are those of the last order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ListedCustomer {
    /// Derived from the platform and the customer's id there.
    pub id: Uuid,
    /// Slug of the sales channel, which `customer_id` belongs to.
    #[schema(example = "web")]
    pub platform: String,
    /// The channel's own id of the customer.
    #[schema(example = "c-42")]
    pub customer_id: String,
    /// Null where nobody gave it, or it was erased.
    #[schema(required, example = "Ada Lovelace")]
    pub name: Option<String>,
    /// In lower case; null where nobody gave it, or it was erased.
    #[schema(required, example = "ada@example.com")]
    pub email: Option<String>,
    /// Sales that were placed, also those cancelled since.
    pub orders: i64,
    /// Of them, the cancelled ones.
    pub cancelled: i64,
    /// The one with the latest business time.
    pub last_order: LastOrder,
    /// What all orders came to, by currency.
    pub lifetime: Vec<Lifetime>,
}

/// The order that a customer placed last.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LastOrder {
    /// Order id.
    pub id: Uuid,
    /// As people call it.
    #[schema(example = "1001")]
    pub number: String,
    /// Business time.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub placed_at: OffsetDateTime,
    /// Order axis.
    #[schema(value_type = OrderStatus)]
    pub status: String,
}

from_row! {
    /// The figures of one customer in one currency; amounts in its minor units.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct Lifetime {
        /// ISO 4217.
        #[schema(example = "GBP")]
        currency: String,
        /// Sales that were placed, also those cancelled since.
        orders: i64,
        /// Goods that were not called off; those of credits are taken away.
        units: i64,
        /// Σ totals.
        revenue: i64,
        /// Captured from the customer.
        captured: i64,
        /// Refunded to the customer.
        refunded: i64,
        /// Taken back by the customer's bank.
        charged_back: i64,
        /// Value of returned goods and goodwill.
        credited: i64,
        /// Captured − refunded − charged back.
        net: i64,
    }
}

/// A customer, with what a list leaves out.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneCustomer {
    #[serde(flatten)]
    customer: ListedCustomer,
    /// Business time of the first order.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    first_order_at: OffsetDateTime,
    /// Of the last order, as it was given.
    #[schema(required, value_type = Option<Address>)]
    billing_address: Option<Box<RawValue>>,
    /// Of the last order, as it was given.
    #[schema(required, value_type = Option<Address>)]
    shipping_address: Option<Box<RawValue>>,
}

/// What a list reads of the customers of `page`, who are named by their last orders:
/// a row for each currency, or one without.
pub const COLUMNS: &str = "c.subject, c.platform, c.customer_id, c.name, c.email, c.order_id, \
     c.placed_at, o.number, o.status, f.*";

/// What [`OneCustomer`] has beside that.
pub const MORE_COLUMNS: &str = "(SELECT e.placed_at FROM order_customers e \
      WHERE e.subject = c.subject AND e.placed_at IS NOT NULL \
      ORDER BY e.placed_at, e.order_id LIMIT 1) AS first_order_at, \
     o.document::json ->> 'billing_address' AS billing_address, \
     o.document::json ->> 'shipping_address' AS shipping_address";

/// Where those columns are, after `WITH page AS (…)`. Figures are summed for these
/// customers alone.
pub fn joined() -> String {
    format!(
        "FROM page p JOIN order_customers c ON c.order_id = p.order_id \
           JOIN orders o ON o.id = p.order_id \
           LEFT JOIN LATERAL (SELECT currency, {SUMS} FROM customer_statistics s \
             WHERE s.platform = c.platform AND s.customer = c.customer_id \
             GROUP BY currency HAVING {ANYTHING}) f ON true"
    )
}

/// The rows of each customer, which come one after another.
pub fn each(rows: &[PgRow]) -> impl Iterator<Item = &[PgRow]> {
    let order = |row: &PgRow| row.try_get::<Uuid, _>("order_id").ok();
    rows.chunk_by(move |one, next| order(one) == order(next))
}

impl ListedCustomer {
    /// Of the customer's rows.
    pub fn of(rows: &[PgRow]) -> Result<Self, Error> {
        let row = rows.first().ok_or(Error::RowNotFound)?;
        let mut customer = Self {
            id: row.try_get("subject")?,
            platform: row.try_get("platform")?,
            customer_id: row.try_get("customer_id")?,
            name: row.try_get("name")?,
            email: row.try_get("email")?,
            orders: 0,
            cancelled: 0,
            last_order: LastOrder {
                id: row.try_get("order_id")?,
                number: row.try_get("number")?,
                placed_at: row.try_get("placed_at")?,
                status: row.try_get("status")?,
            },
            lifetime: Vec::with_capacity(rows.len()),
        };
        for row in rows {
            if row.try_get::<Option<&str>, _>("currency")?.is_some() {
                let cancelled: i64 = row.try_get("cancelled")?;
                customer.add(Lifetime::from_row(row)?, cancelled);
            }
        }
        Ok(customer)
    }

    fn add(&mut self, figures: Lifetime, cancelled: i64) {
        self.orders += figures.orders;
        self.cancelled += cancelled;
        self.lifetime.push(figures);
    }
}

impl OneCustomer {
    /// Of the customer's rows.
    pub fn of(rows: &[PgRow]) -> Result<Self, Error> {
        let row = rows.first().ok_or(Error::RowNotFound)?;
        Ok(Self {
            customer: ListedCustomer::of(rows)?,
            first_order_at: row.try_get("first_order_at")?,
            billing_address: raw(row, "billing_address")?,
            shipping_address: raw(row, "shipping_address")?,
        })
    }
}

/// JSON, to be sent as it is.
fn raw(row: &PgRow, column: &str) -> Result<Option<Box<RawValue>>, Error> {
    let text: Option<String> = row.try_get(column)?;
    let raw = text.map(RawValue::from_string).transpose();
    raw.map_err(|error| Error::Decode(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Shape;
    use time::macros::datetime;

    fn ada() -> ListedCustomer {
        ListedCustomer {
            id: Uuid::nil(),
            platform: "web".to_owned(),
            customer_id: "c-42".to_owned(),
            name: None,
            email: Some("ada@example.com".to_owned()),
            orders: 0,
            cancelled: 0,
            last_order: LastOrder {
                id: Uuid::nil(),
                number: "1001".to_owned(),
                placed_at: datetime!(2026-11-26 17:14:17.823652 UTC),
                status: "placed".to_owned(),
            },
            lifetime: Vec::new(),
        }
    }

    fn figures(currency: &str, orders: i64) -> Lifetime {
        Lifetime {
            currency: currency.to_owned(),
            orders,
            units: 0,
            revenue: 0,
            captured: 0,
            refunded: 0,
            charged_back: 0,
            credited: 0,
            net: 0,
        }
    }

    #[test]
    fn orders_are_counted_over_all_currencies() {
        let mut customer = ada();
        customer.add(figures("EUR", 2), 1);
        customer.add(figures("GBP", 3), 0);
        assert_eq!((customer.orders, customer.cancelled), (5, 1));
        assert_eq!(customer.lifetime.len(), 2);
    }

    #[test]
    fn addresses_are_told_as_they_are() {
        let address = RawValue::from_string(r#"{"line1": "12 St James's Square"}"#.to_owned());
        let one = OneCustomer {
            customer: ada(),
            first_order_at: datetime!(2025-01-01 0:00 UTC),
            billing_address: None,
            shipping_address: address.ok(),
        };
        assert_eq!(
            serde_json::to_string(&one).ok().as_deref(),
            Some(
                r#"{"id":"00000000-0000-0000-0000-000000000000","platform":"web","customer_id":"c-42","name":null,"email":"ada@example.com","orders":0,"cancelled":0,"last_order":{"id":"00000000-0000-0000-0000-000000000000","number":"1001","placed_at":"2026-11-26T17:14:17.823652Z","status":"placed"},"lifetime":[],"first_order_at":"2025-01-01T00:00:00Z","billing_address":null,"shipping_address":{"line1": "12 St James's Square"}}"#
            )
        );
    }

    #[test]
    fn everything_that_is_told_can_be_asked_for() {
        let shape = Shape::of::<OneCustomer>();
        for name in ["id", "lifetime", "first_order_at", "shipping_address"] {
            assert!(shape.has(name), "{name}");
        }
        assert!(!Shape::of::<ListedCustomer>().has("shipping_address"));
    }
}
