//! How far the views are.

use crate::lag::{self, Frontier};
use sqlx::{PgPool, Row as _};
use std::collections::HashMap;
use uuid::Uuid;

/// What the views have.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Version of each order that was asked for and is there.
    pub versions: HashMap<Uuid, i64>,
    /// Place in the log of each partition.
    pub frontier: Frontier,
}

/// What the views have now of these orders and of all partitions.
pub async fn seen(views: &PgPool, ids: &[Uuid]) -> Result<Seen, sqlx::Error> {
    Ok(Seen {
        versions: versions(views, ids).await?,
        frontier: lag::frontier(views).await?,
    })
}

async fn versions(views: &PgPool, ids: &[Uuid]) -> Result<HashMap<Uuid, i64>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = sqlx::query("SELECT id, version FROM orders WHERE id = ANY($1)")
        .bind(ids)
        .fetch_all(views)
        .await?;
    let versions = rows
        .iter()
        .map(|row| Ok((row.try_get("id")?, row.try_get("version")?)));
    versions.collect()
}
