//! How far the read models are.

use contracts::LogPosition;
use sqlx::{PgExecutor, Row as _};

/// Where a partition of a projection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// Partition of the topic.
    pub partition: i32,
    /// Offset to go on from.
    pub next: i64,
    /// Every event of the partition up to here is in the rows.
    pub at: LogPosition,
}

/// The checkpoints of a projection, by partition; empty before its first
/// build.
pub async fn checkpoints(
    views: impl PgExecutor<'_>,
    projection: &str,
) -> Result<Vec<Partition>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT \"partition\", next, epoch, xid, position FROM projection_offsets \
          WHERE projection = $1 ORDER BY \"partition\"",
    )
    .bind(projection)
    .fetch_all(views)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Partition {
                partition: row.try_get("partition")?,
                next: row.try_get("next")?,
                at: LogPosition {
                    epoch: row.try_get("epoch")?,
                    xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
                    position: row.try_get("position")?,
                },
            })
        })
        .collect()
}
