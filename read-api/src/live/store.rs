//! The views, as far as a change is told once they have it.

use super::feed::Generation;
use crate::lag::Frontier;
use contracts::{LogPosition, topics::ORDER_EVENTS_PARTITIONS};
use infra::views;
use sqlx::{PgPool, Row as _};
use std::collections::HashMap;
use uuid::Uuid;

/// How far the documents are.
#[derive(Debug, Clone, Default)]
pub struct Served {
    /// Place of each partition.
    pub frontier: Frontier,
    /// Which documents they are besides.
    pub generation: Generation,
}

impl Served {
    /// Up to where all partitions are, whichever is the slowest.
    pub fn slowest(&self) -> LogPosition {
        let partitions = 0..ORDER_EVENTS_PARTITIONS;
        let places = partitions.map(|partition| self.frontier.get(&partition).copied());
        let first = places.map(Option::unwrap_or_default).min();
        first.unwrap_or_default()
    }

    /// The newest epoch of the log that they have anything of.
    pub fn epoch(&self) -> i32 {
        let epochs = self.frontier.values().map(|at| at.epoch);
        epochs.max().unwrap_or_default()
    }
}

/// An order as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its version.
    pub version: i64,
    /// Its platform.
    pub platform: String,
}

/// How far the documents are now.
pub async fn served(views: &PgPool) -> Result<Served, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT \"partition\", epoch, xid, position, build, redriven FROM projection_offsets \
          WHERE projection = $1",
    )
    .bind(views::ORDERS)
    .fetch_all(views)
    .await?;
    let mut served = Served::default();
    for row in rows {
        let at = LogPosition {
            epoch: row.try_get("epoch")?,
            xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
            position: row.try_get("position")?,
        };
        served.frontier.insert(row.try_get("partition")?, at);
        let generation = &mut served.generation;
        generation.build = generation.build.max(row.try_get("build")?);
        generation.redriven += row.try_get::<i64, _>("redriven")?;
    }
    Ok(served)
}

/// These orders, as far as they are served.
pub async fn rows(views: &PgPool, ids: &[Uuid]) -> Result<HashMap<Uuid, Row>, sqlx::Error> {
    let rows = sqlx::query("SELECT id, version, platform FROM orders WHERE id = ANY($1)")
        .bind(ids)
        .fetch_all(views)
        .await?;
    let rows = rows.iter().map(|row| {
        let served = Row {
            version: row.try_get("version")?,
            platform: row.try_get("platform")?,
        };
        Ok((row.try_get("id")?, served))
    });
    rows.collect()
}
