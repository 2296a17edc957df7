//! Orders by the person, in the views.

use crate::views::ORDERS;
use sqlx::{Error, PgPool, Row as _};
use time::OffsetDateTime;
use uuid::Uuid;

/// Whose orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Those that are of a customer, or were at any time: their subject.
    Customer(Uuid),
    /// Those that were ever a guest's with this email, on this channel.
    Guest {
        /// Slug of the sales channel.
        platform: String,
        /// In lower case.
        email: String,
    },
    /// Those that are a guest's with this email by now, and placed.
    GuestNow {
        /// Slug of the sales channel.
        platform: String,
        /// In lower case.
        email: String,
    },
    /// One order, and those that replace goods of it: they have its addresses.
    Order(Uuid),
    /// These.
    Among(Vec<Uuid>),
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub order_id: Uuid,
    /// Whether it ever was nobody's in particular: its data has a key of its own.
    pub guest: bool,
    /// Whether it replaces goods of another one, and took over its data.
    pub exchange: bool,
}

/// The orders that were recorded until then, by id.
pub async fn whose(
    views: &PgPool,
    whose: &Whose,
    until: OffsetDateTime,
) -> Result<Vec<Found>, Error> {
    let found = match whose {
        Whose::Customer(subject) => {
            let sql = select("c.subjects @> ARRAY[$2]");
            sqlx::query(&sql)
                .bind(until)
                .bind(subject)
                .fetch_all(views)
                .await
        }
        Whose::Guest { platform, email } => {
            let sql = select("c.emails @> ARRAY[$2] AND c.guest AND c.platform = $3");
            let query = sqlx::query(&sql).bind(until).bind(email).bind(platform);
            query.fetch_all(views).await
        }
        Whose::GuestNow { platform, email } => {
            let sql = select(
                "c.emails @> ARRAY[$2] AND c.email = $2 AND c.subject IS NULL \
                 AND c.placed_at IS NOT NULL AND c.platform = $3",
            );
            let query = sqlx::query(&sql).bind(until).bind(email).bind(platform);
            query.fetch_all(views).await
        }
        Whose::Among(orders) => {
            let sql = select("c.order_id = ANY($2)");
            let query = sqlx::query(&sql).bind(until).bind(orders);
            query.fetch_all(views).await
        }
        Whose::Order(order) => {
            sqlx::query(
                "WITH RECURSIVE found (id) AS ( \
                     SELECT $2::uuid UNION SELECT r.exchange_order_id \
                       FROM found JOIN order_returns r ON r.order_id = found.id \
                      WHERE r.exchange_order_id IS NOT NULL) \
                 SELECT c.order_id, c.guest, \
                        o.document::json ->> 'exchange_of' IS NOT NULL AS exchange \
                   FROM found JOIN orders o ON o.id = found.id \
                   JOIN order_customers c ON c.order_id = o.id \
                  WHERE o.created_at <= $1 ORDER BY o.id",
            )
            .bind(until)
            .bind(order)
            .fetch_all(views)
            .await
        }
    };
    let found = found?;
    let found = found.iter().map(|row| {
        Ok(Found {
            order_id: row.try_get("order_id")?,
            guest: row.try_get("guest")?,
            exchange: row.try_get("exchange")?,
        })
    });
    found.collect()
}

fn select(condition: &str) -> String {
    format!(
        "SELECT c.order_id, c.guest, o.document::json ->> 'exchange_of' IS NOT NULL AS exchange \
           FROM order_customers c JOIN orders o ON o.id = c.order_id \
          WHERE {condition} AND o.created_at <= $1 ORDER BY c.order_id"
    )
}

/// How many orders are parked: whose they are by now, and what is shown of them, nobody
/// can say.
pub async fn parked(views: &PgPool) -> Result<i64, Error> {
    let sql = "SELECT count(*) FROM parked_orders \
                WHERE projection = $1 AND id NOT LIKE 'record-%'";
    sqlx::query_scalar(sql).bind(ORDERS).fetch_one(views).await
}
