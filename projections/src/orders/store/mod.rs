//! The tables of the projection. A batch is a fixed number of statements,
//! each over arrays, rows in the order of their keys.

mod events;
mod lines;
mod orders;
mod statistics;

use super::fold::{OrderChanges, OrderRow};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use uuid::Uuid;

pub use orders::load;

/// Stores orders, their lines and history, and the differences of the sums.
pub async fn write(
    connection: &mut PgConnection,
    rows: &BTreeMap<Uuid, OrderRow>,
    changes: &OrderChanges,
) -> Result<(), sqlx::Error> {
    if !rows.is_empty() {
        orders::write(connection, rows).await?;
        lines::write(connection, rows).await?;
    }
    if !changes.timeline.is_empty() {
        events::write(connection, &changes.timeline).await?;
    }
    statistics::write(connection, &changes.statistics).await
}

/// A value that has no JSON form, or a document that has none of ours.
fn malformed(error: serde_json::Error) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
