//! The statements of a comparison.

use contracts::LogPosition;
use infra::log::Horizon;
use sqlx::{PgPool, Row as _};
use std::collections::HashSet;

/// An event, as far as it has to be on Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub kind: String,
    pub id: String,
    pub sequence: i64,
    pub at: LogPosition,
}

/// The last event below the horizon; none in an empty log.
pub(super) async fn last_event(
    pool: &PgPool,
    horizon: Horizon,
) -> Result<Option<LogPosition>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT epoch, transaction_id::text::bigint AS xid, position FROM events \
          WHERE (epoch, transaction_id) < ($1, $2::text::xid8) \
          ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1",
    )
    .bind(horizon.epoch)
    .bind(horizon.xid.to_string())
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(position).transpose()
}

/// The next `limit` events of every kind below the horizon, in log order.
pub(super) async fn keys(
    pool: &PgPool,
    after: LogPosition,
    horizon: Horizon,
    limit: i64,
) -> Result<Vec<Key>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT aggregate_type, aggregate_id, sequence, epoch, \
                transaction_id::text::bigint AS xid, position FROM events \
          WHERE (epoch, transaction_id, position) > ($1, $2::text::xid8, $3) \
            AND (epoch, transaction_id) < ($4, $5::text::xid8) \
          ORDER BY epoch, transaction_id, position LIMIT $6",
    )
    .bind(after.epoch)
    .bind(after.xid.to_string())
    .bind(after.position)
    .bind(horizon.epoch)
    .bind(horizon.xid.to_string())
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Key {
                kind: row.try_get("aggregate_type")?,
                id: row.try_get("aggregate_id")?,
                sequence: row.try_get("sequence")?,
                at: position(row)?,
            })
        })
        .collect()
}

fn position(row: &sqlx::postgres::PgRow) -> Result<LogPosition, sqlx::Error> {
    Ok(LogPosition {
        epoch: row.try_get("epoch")?,
        xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
        position: row.try_get("position")?,
    })
}

/// Which of these events, of aggregates of these kinds, the log does not have at
/// this moment, horizon or not: their indexes.
pub(super) async fn missing(
    pool: &PgPool,
    kinds: &[&str],
    events: &[(String, i64)],
) -> Result<Vec<usize>, sqlx::Error> {
    let missing: Vec<i64> = sqlx::query_scalar(
        "SELECT k.n - 1 FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS k (id, sequence, n) \
          WHERE NOT EXISTS (SELECT FROM events e WHERE e.aggregate_type = ANY($1) \
                AND e.aggregate_id = k.id AND e.sequence = k.sequence) ORDER BY 1",
    )
    .bind(kinds)
    .bind(events.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, sequence)| *sequence).collect::<Vec<_>>())
    .fetch_all(pool)
    .await?;
    Ok(missing
        .into_iter()
        .filter_map(|n| usize::try_from(n).ok())
        .collect())
}

/// Which of these aggregates the log knows.
pub(super) async fn known(
    pool: &PgPool,
    kind: &str,
    ids: &[String],
) -> Result<HashSet<String>, sqlx::Error> {
    let known: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT aggregate_id FROM events WHERE aggregate_type = $1 AND aggregate_id = ANY($2)",
    )
    .bind(kind)
    .bind(ids)
    .fetch_all(pool)
    .await?;
    Ok(known.into_iter().collect())
}

/// The ids of the next `limit` aggregates.
pub(super) async fn ids(
    pool: &PgPool,
    kind: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT aggregate_id FROM events \
          WHERE aggregate_type = $1 AND aggregate_id > $2 AND sequence = 1 \
          ORDER BY aggregate_id LIMIT $3",
    )
    .bind(kind)
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// How many of these are yet to be folded anew.
pub(super) async fn marked(
    views: &PgPool,
    projection: &str,
    ids: &[String],
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM redrives WHERE projection = $1 AND id = ANY($2)")
        .bind(projection)
        .bind(ids)
        .fetch_one(views)
        .await
}
