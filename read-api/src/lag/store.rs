//! Both ends of the lag: the log's newest events, and where the views are.

use super::Frontier;
use contracts::LogPosition;
use infra::views;
use sqlx::{PgPool, Row as _};
use time::OffsetDateTime;

/// How many events are looked at one by one.
pub const WINDOW: usize = 500;

/// One of the newest events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Its order, as the key of its record is written.
    pub order_id: String,
    /// Place in the log.
    pub at: LogPosition,
    /// When it was stored.
    pub recorded_at: OffsetDateTime,
}

/// The newest events of orders, at most [`WINDOW`], newest first; whether they
/// are final does not matter here.
pub async fn newest(events: &PgPool) -> Result<Vec<Newest>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT aggregate_id, epoch, transaction_id::text::bigint AS xid, position, recorded_at \
           FROM events WHERE aggregate_type = 'order' \
          ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT $1",
    )
    .bind(i64::try_from(WINDOW).unwrap_or(i64::MAX))
    .fetch_all(events)
    .await?;
    let newest = rows.iter().map(|row| {
        Ok(Newest {
            order_id: row.try_get("aggregate_id")?,
            at: LogPosition {
                epoch: row.try_get("epoch")?,
                xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
                position: row.try_get("position")?,
            },
            recorded_at: row.try_get("recorded_at")?,
        })
    });
    newest.collect()
}

/// When the first event of an order after `at` was stored.
pub async fn recorded_after(
    events: &PgPool,
    at: LogPosition,
) -> Result<Option<OffsetDateTime>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT recorded_at FROM events \
          WHERE (epoch, transaction_id, position) > ($1, $2::text::xid8, $3) \
            AND aggregate_type = 'order' \
          ORDER BY epoch, transaction_id, position LIMIT 1",
    )
    .bind(at.epoch)
    .bind(at.xid.to_string())
    .bind(at.position)
    .fetch_optional(events)
    .await
}

/// Up to where each partition is in the views.
pub async fn frontier(pool: &PgPool) -> Result<Frontier, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT \"partition\", epoch, xid, position FROM projection_offsets WHERE projection = $1",
    )
    .bind(views::ORDERS)
    .fetch_all(pool)
    .await?;
    let reached = rows.iter().map(|row| {
        let at = LogPosition {
            epoch: row.try_get("epoch")?,
            xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
            position: row.try_get("position")?,
        };
        Ok((row.try_get("partition")?, at))
    });
    reached.collect()
}
