//! What belongs to orders beside their documents.

use super::MOST_EVENTS;
use crate::paging;
use serde::Serialize;
use sqlx::{PgPool, Row as _};
use std::collections::HashMap;
use uuid::Uuid;

/// What the orders of a customer came to in one currency. Amounts in minor
/// units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    currency: String,
    orders: i64,
    cancelled: i64,
    units: i64,
    revenue: i64,
    captured: i64,
    refunded: i64,
    first_order: Option<String>,
    last_order: Option<String>,
}

/// By order, what all orders of its customer came to.
pub async fn customers(
    views: &PgPool,
    orders: &[(Uuid, i64)],
) -> Result<HashMap<Uuid, Vec<Figures>>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT o.id, f.* FROM orders o JOIN ( \
             SELECT platform, customer, currency, sum(orders)::bigint AS orders, \
                    sum(cancelled)::bigint AS cancelled, sum(units)::bigint AS units, \
                    sum(revenue)::bigint AS revenue, sum(captured)::bigint AS captured, \
                    sum(refunded)::bigint AS refunded, \
                    (min(day) FILTER (WHERE orders > 0))::text AS first_order, \
                    (max(day) FILTER (WHERE orders > 0))::text AS last_order \
               FROM customer_statistics WHERE (platform, customer) IN ( \
                    SELECT platform, customer_id FROM orders WHERE id = ANY($1)) \
              GROUP BY platform, customer, currency) f \
             ON f.platform = o.platform AND f.customer = o.customer_id \
          WHERE o.id = ANY($1) ORDER BY f.currency",
    )
    .bind(orders.iter().map(|(id, _)| *id).collect::<Vec<_>>())
    .fetch_all(views)
    .await?;
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        found.entry(row.try_get("id")?).or_default().push(Figures {
            currency: row.try_get("currency")?,
            orders: row.try_get("orders")?,
            cancelled: row.try_get("cancelled")?,
            units: row.try_get("units")?,
            revenue: row.try_get("revenue")?,
            captured: row.try_get("captured")?,
            refunded: row.try_get("refunded")?,
            first_order: row.try_get("first_order")?,
            last_order: row.try_get("last_order")?,
        });
    }
    Ok(found)
}

/// By order, how its history begins, up to the version that it is told in; one
/// more than is told of it.
pub async fn events(
    views: &PgPool,
    orders: &[(Uuid, i64)],
) -> Result<HashMap<Uuid, Vec<String>>, sqlx::Error> {
    let (ids, versions): (Vec<Uuid>, Vec<i64>) = orders.iter().copied().unzip();
    let rows = sqlx::query(
        "SELECT o.id, e.entry FROM unnest($1::uuid[], $2::bigint[]) AS o (id, version), LATERAL ( \
             SELECT version, entry FROM order_events \
              WHERE order_id = o.id AND version <= o.version ORDER BY version LIMIT $3) e \
          ORDER BY o.id, e.version",
    )
    .bind(ids)
    .bind(versions)
    .bind(paging::one_more(MOST_EVENTS))
    .fetch_all(views)
    .await?;
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        let entries = found.entry(row.try_get("id")?).or_default();
        entries.push(row.try_get("entry")?);
    }
    Ok(found)
}
