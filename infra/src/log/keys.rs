//! Where events are, and of which streams: what there is to know of them
//! without reading what happened.

use super::reader::{LogReader, page, position};
use contracts::LogPosition;
use sqlx::{Row as _, postgres::PgRow};

/// Columns of an [`EventKey`].
const KEY: &str = "aggregate_type, aggregate_id, sequence, epoch, \
     transaction_id::text::bigint AS xid, position";

/// An event's place in its stream and in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventKey {
    /// Kind of aggregate.
    pub aggregate_type: String,
    /// Id of the aggregate.
    pub aggregate_id: String,
    /// Version of the aggregate after this event, from 1.
    pub sequence: i64,
    /// Place in the log.
    pub at: LogPosition,
}

impl LogReader {
    /// Up to `limit` final events after `after`, in log order, as
    /// [`Self::read_after`] has them; payloads are not read.
    pub async fn keys_after(
        &self,
        after: LogPosition,
        limit: i64,
    ) -> Result<Vec<EventKey>, sqlx::Error> {
        let chosen = self.chosen();
        let sql = format!("SELECT {KEY} FROM events {chosen} LIMIT $4");
        let rows = page(&sql, after, limit).fetch_all(&self.pool).await?;
        rows.iter().map(key).collect()
    }

    /// The same of some aggregates only, found by the index of their streams.
    pub async fn keys_after_of(
        &self,
        aggregate_type: &str,
        ids: &[String],
        after: LogPosition,
        limit: i64,
    ) -> Result<Vec<EventKey>, sqlx::Error> {
        let chosen = self.chosen();
        // Materialised, or the planner may walk the whole log for a few rows.
        let sql = format!(
            "WITH streams AS MATERIALIZED ( \
                 SELECT aggregate_type, aggregate_id, sequence, epoch, transaction_id, position \
                   FROM events WHERE aggregate_type = $5 AND aggregate_id = ANY($6)) \
             SELECT {KEY} FROM streams {chosen} LIMIT $4"
        );
        let rows = page(&sql, after, limit)
            .bind(aggregate_type)
            .bind(ids)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(key).collect()
    }
}

fn key(row: &PgRow) -> Result<EventKey, sqlx::Error> {
    Ok(EventKey {
        aggregate_type: row.try_get("aggregate_type")?,
        aggregate_id: row.try_get("aggregate_id")?,
        sequence: row.try_get("sequence")?,
        at: position(row)?,
    })
}
