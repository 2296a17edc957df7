//! How far the views are.

use crate::lag::{self, Frontier};
use infra::views;
use sqlx::{PgPool, Row as _};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What the views of one server have.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Version of each order that was asked for and is there.
    pub versions: HashMap<Uuid, i64>,
    /// Which of the orders that were asked for are parked: nothing comes of
    /// waiting for them.
    pub parked: HashSet<Uuid>,
    /// Place in the log of each partition.
    pub frontier: Frontier,
    /// The server's place among the servers.
    pub by: usize,
}

/// What the views have now of these orders and of all partitions.
pub async fn seen(pool: &PgPool, ids: &[Uuid]) -> Result<Seen, sqlx::Error> {
    let mut seen = Seen {
        frontier: lag::frontier(pool).await?,
        ..Seen::default()
    };
    if !ids.is_empty() {
        orders(pool, ids, &mut seen).await?;
    }
    Ok(seen)
}

async fn orders(pool: &PgPool, ids: &[Uuid], seen: &mut Seen) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "SELECT w.id, o.version, p.id IS NOT NULL AS parked \
           FROM unnest($1::uuid[]) AS w (id) \
           LEFT JOIN orders o ON o.id = w.id \
           LEFT JOIN parked_orders p ON p.projection = $2 AND p.id = w.id::text",
    )
    .bind(ids)
    .bind(views::ORDERS)
    .fetch_all(pool)
    .await?;
    for row in rows {
        let id = row.try_get("id")?;
        if let Some(version) = row.try_get("version")? {
            seen.versions.insert(id, version);
        }
        if row.try_get("parked")? {
            seen.parked.insert(id);
        }
    }
    Ok(())
}
