//! Our append: one INSERT, which is the whole transaction.

use super::{AppendError, NewEvent, Stamp, classify};
use contracts::LogPosition;
use sqlx::{PgPool, Row as _, postgres::PgRow};

/// The rows come in the order of their sequences, and identities are drawn in
/// that order, so within one transaction `position` follows `sequence`.
const INSERT: &str = "INSERT INTO events \
       (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
     SELECT $1, $2, e.sequence, e.event_type, e.event_version, e.payload::json, e.metadata::json \
       FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[]) \
            AS e (sequence, event_type, event_version, payload, metadata) \
     RETURNING sequence, epoch, transaction_id::text::bigint AS xid, position, recorded_at";

pub(super) async fn append(
    pool: &PgPool,
    aggregate_type: &str,
    aggregate_id: &str,
    events: &[NewEvent],
) -> Result<Vec<Stamp>, AppendError> {
    let metadata = events
        .iter()
        .map(|e| serde_json::to_string(&e.metadata))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| AppendError::Refused(Box::new(e)))?;
    let column = |of: fn(&NewEvent) -> &str| events.iter().map(of).collect::<Vec<&str>>();
    let sequences: Vec<i64> = events.iter().map(|e| e.sequence).collect();
    let rows = sqlx::query(INSERT)
        .bind(aggregate_type)
        .bind(aggregate_id)
        .bind(sequences)
        .bind(column(|e| &e.event_type))
        .bind(column(|e| &e.event_version))
        .bind(column(|e| &e.payload))
        .bind(metadata)
        .fetch_all(pool)
        .await
        .map_err(classify)?;
    stamps(&rows).map_err(classify)
}

/// Reads `sequence, epoch, xid, position, recorded_at`.
pub(super) fn stamps(rows: &[PgRow]) -> Result<Vec<Stamp>, sqlx::Error> {
    let mut stamps = rows
        .iter()
        .map(|row| {
            Ok(Stamp {
                sequence: row.try_get("sequence")?,
                at: LogPosition {
                    epoch: row.try_get("epoch")?,
                    xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
                    position: row.try_get("position")?,
                },
                recorded_at: row.try_get("recorded_at")?,
            })
        })
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    stamps.sort_unstable_by_key(|s| s.sequence);
    Ok(stamps)
}
