//! The one reader of the whole log (`docs/ARCHITECTURE.md`, invariants 3 and 4).
//!
//! A row is read only once no transaction can still commit before it: its
//! transaction id lies below the horizon, the oldest id still in progress.
//! Then (epoch, xid, position) is final, and a cursor of it loses nothing.

use super::event::StoredEvent;
use crate::{
    epoch::{self, Epoch, EpochError},
    failpoint::{Failpoint, is_in},
};
use contracts::LogPosition;
use sqlx::{
    PgPool, Postgres, Row as _,
    postgres::{PgArguments, PgRow},
    query::Query,
    types::Json,
};
use std::collections::HashMap;
use uuid::Uuid;

/// Columns of a [`StoredEvent`], for every query that reads one.
pub const COLUMNS: &str = "aggregate_type, aggregate_id, sequence, event_type, event_version, \
     payload::text AS payload, metadata, epoch, transaction_id::text::bigint AS xid, position, \
     recorded_at";

/// The final events after position ($1, $2, $3), in log order. One statement:
/// the horizon is that of the snapshot the rows are read in. Both bounds are
/// row comparisons, which the index answers: events above a horizon that is
/// held back are never scanned. No row has the smallest position, so everything
/// below (present epoch, horizon, smallest position) is an older epoch's or
/// final. The epoch is not that of the newest event: right after a log was
/// restored, the transaction ids of its events may lie above the horizon.
const FINAL: &str = "WHERE (epoch, transaction_id, position) > ($1, $2::text::xid8, $3) \
       AND (epoch, transaction_id, position) \
         < ((SELECT epoch FROM log_epochs ORDER BY epoch DESC LIMIT 1), \
            pg_snapshot_xmin(pg_current_snapshot()), -9223372036854775808) \
     ORDER BY epoch, transaction_id, position";

/// A fault for tests: whatever is committed, final or not.
const COMMITTED: &str = "WHERE (epoch, transaction_id, position) > ($1, $2::text::xid8, $3) \
     ORDER BY epoch, transaction_id, position";

const IN_LOG_ORDER: &str = "ORDER BY epoch, transaction_id, position";

/// An event of a page of whole streams counts as one for each of so many bytes
/// of its payload, as it is stored.
const EVENT_BYTES: i32 = 2 << 10;

/// Below which transaction id the current epoch is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// Epoch that the horizon applies to; older ones are final as a whole.
    pub epoch: i32,
    /// First transaction id that is not final.
    pub xid: u64,
}

impl Horizon {
    /// Whether an event at `at` is final.
    pub const fn covers(self, at: LogPosition) -> bool {
        at.epoch < self.epoch || (at.epoch == self.epoch && at.xid < self.xid)
    }
}

/// Reads stored events in log order.
#[derive(Debug, Clone)]
pub struct LogReader {
    pub(super) pool: PgPool,
    /// Where it listens, if that is elsewhere.
    pub(super) listener: Option<PgPool>,
}

impl LogReader {
    /// A reader of the log behind `pool`.
    pub const fn new(pool: PgPool) -> Self {
        Self {
            pool,
            listener: None,
        }
    }

    /// The same reader, which listens for hints on another pool.
    #[must_use]
    pub fn listening_on(self, listener: PgPool) -> Self {
        Self {
            listener: Some(listener),
            ..self
        }
    }

    /// Which rows are read.
    pub(super) fn chosen(&self) -> &'static str {
        if is_in(Failpoint::NoHorizon, &self.pool) {
            COMMITTED
        } else {
            FINAL
        }
    }

    /// The present epoch, after a look whether the log may be read at all.
    ///
    /// # Errors
    /// When it was restored and no new epoch has begun, or does not answer.
    pub async fn epoch(&self) -> Result<Epoch, EpochError> {
        epoch::check(&self.pool).await
    }

    /// The present horizon. Whatever is read after this and covered by it is
    /// complete.
    pub async fn horizon(&self) -> Result<Horizon, sqlx::Error> {
        let row = sqlx::query(
            "SELECT (SELECT epoch FROM log_epochs ORDER BY epoch DESC LIMIT 1) AS epoch, \
                    pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid",
        )
        .fetch_one(&self.pool)
        .await?;
        let epoch: Option<i32> = row.try_get("epoch")?;
        Ok(Horizon {
            epoch: epoch.unwrap_or(1),
            xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
        })
    }

    /// About how many events the log holds: the place of the last one. Places
    /// that were given to appends that failed are counted too.
    pub async fn size(&self) -> Result<i64, sqlx::Error> {
        let last = sqlx::query_scalar(
            "SELECT position FROM events \
              ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1",
        );
        Ok(last.fetch_optional(&self.pool).await?.unwrap_or(0))
    }

    /// Up to `limit` final events after `after`, in log order. An empty answer
    /// means that there is nothing final yet, not that the log has ended.
    pub async fn read_after(
        &self,
        after: LogPosition,
        limit: i64,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let chosen = self.chosen();
        let sql = format!(
            "SELECT {COLUMNS} FROM (SELECT * FROM events {chosen} LIMIT $4) page {IN_LOG_ORDER}"
        );
        let rows = page(&sql, after, limit).fetch_all(&self.pool).await?;
        rows.iter().map(stored_event).collect()
    }

    /// The same, ending also before the event with which the payloads, as they
    /// are stored, exceed `max_bytes`; the first event always comes. Bounds the
    /// memory of a reader whose events may be of any size.
    pub async fn read_batch(
        &self,
        after: LogPosition,
        limit: i64,
        max_bytes: i64,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let chosen = self.chosen();
        // The size of a payload out of line is read without fetching it.
        let sql = format!(
            "SELECT {COLUMNS} FROM ( \
                 SELECT *, sum(pg_column_size(payload)) OVER ( \
                     {IN_LOG_ORDER} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before \
                 FROM (SELECT * FROM events {chosen} LIMIT $4) page) sized \
             WHERE before IS NULL OR before + pg_column_size(payload) <= $5 {IN_LOG_ORDER}"
        );
        let rows = page(&sql, after, limit)
            .bind(max_bytes)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(stored_event).collect()
    }

    /// Whether `count` final events or more, or more than `bytes` of payloads,
    /// as they are stored, come after `after`: how much there is to read, which
    /// a batch that was cut does not tell.
    pub async fn has_much_after(
        &self,
        after: LogPosition,
        count: i64,
        bytes: i64,
    ) -> Result<bool, sqlx::Error> {
        let chosen = self.chosen();
        let sql = format!(
            "SELECT count(*) >= $4 OR coalesce(sum(pg_column_size(payload)), 0) > $5 \
               FROM (SELECT payload FROM events {chosen} LIMIT $4) next"
        );
        sqlx::query_scalar(&sql)
            .bind(after.epoch)
            .bind(after.xid.to_string())
            .bind(after.position)
            .bind(count)
            .bind(bytes)
            .fetch_one(&self.pool)
            .await
    }

    /// The same of some aggregates only, found by the index of their streams:
    /// the cost is that of their streams, not of the log. Only keys are sorted;
    /// payloads are read for what the answer holds.
    pub async fn read_batch_of(
        &self,
        aggregate_type: &str,
        ids: &[String],
        after: LogPosition,
        limit: i64,
        max_bytes: i64,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let chosen = self.chosen();
        // Materialised, or the planner may walk the whole log for a few rows.
        let sql = format!(
            "WITH streams AS MATERIALIZED ( \
                 SELECT aggregate_type, aggregate_id, sequence, epoch, transaction_id, position, \
                        pg_column_size(payload) AS size FROM events \
                  WHERE aggregate_type = $6 AND aggregate_id = ANY($7)), \
             sized AS (SELECT *, sum(size) OVER ( \
                     {IN_LOG_ORDER} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before \
                 FROM (SELECT * FROM streams {chosen} LIMIT $4) page) \
             SELECT {COLUMNS} FROM events \
               JOIN (SELECT aggregate_type, aggregate_id, sequence FROM sized \
                      WHERE before IS NULL OR before + size <= $5) taken \
              USING (aggregate_type, aggregate_id, sequence) {IN_LOG_ORDER}"
        );
        let rows = page(&sql, after, limit)
            .bind(max_bytes)
            .bind(aggregate_type)
            .bind(ids)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(stored_event).collect()
    }

    /// A text in the first event of each of these aggregates, at `path` of the
    /// event's fields: what an aggregate is for ever, and its later events do
    /// not repeat. One look-up by key each, and the payloads stay where they are.
    pub async fn first_texts(
        &self,
        aggregate_type: &str,
        ids: &[String],
        path: &[&str],
    ) -> Result<HashMap<String, Option<String>>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT aggregate_id, (payload -> event_type) #>> $3 AS found FROM events \
              WHERE aggregate_type = $1 AND aggregate_id = ANY($2) AND sequence = 1",
        )
        .bind(aggregate_type)
        .bind(ids)
        .bind(path)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get("aggregate_id")?, row.try_get("found")?)))
            .collect()
    }

    /// All events of one aggregate, from its first on.
    pub async fn read_stream(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        self.read_stream_until(aggregate_type, aggregate_id, i64::MAX)
            .await
    }

    /// The events of one aggregate from its first on, up to version `last`.
    pub async fn read_stream_until(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        last: i64,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM events \
             WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence <= $3 \
             ORDER BY sequence"
        );
        let rows = sqlx::query(&sql)
            .bind(aggregate_type)
            .bind(aggregate_id)
            .bind(last)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(stored_event).collect()
    }

    /// The last event of one aggregate, and before it the first one of a
    /// command, where the aggregate has it; at a cost that does not depend on
    /// the length of the stream.
    pub async fn read_last(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        command_id: Uuid,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM events \
             WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence IN ( \
                 (SELECT sequence FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 \
                   ORDER BY sequence DESC LIMIT 1) \
                 UNION (SELECT sequence FROM events WHERE aggregate_type = $1 \
                   AND aggregate_id = $2 AND command_id = $3)) \
             ORDER BY sequence"
        );
        let rows = sqlx::query(&sql)
            .bind(aggregate_type)
            .bind(aggregate_id)
            .bind(command_id)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(stored_event).collect()
    }

    /// Where the last event of each aggregate of a type stands, by the aggregates'
    /// ids: what of them is new to somebody who has read some. Two index look-ups
    /// for each aggregate, however many events it has, so it is for a type of which
    /// there are few.
    pub async fn last_of_all(
        &self,
        aggregate_type: &str,
    ) -> Result<HashMap<String, LogPosition>, sqlx::Error> {
        const LAST: &str = "WITH RECURSIVE of_type (id) AS ( \
                (SELECT aggregate_id FROM events WHERE aggregate_type = $1 \
                  ORDER BY aggregate_id LIMIT 1) \
              UNION ALL \
                SELECT (SELECT aggregate_id FROM events \
                         WHERE aggregate_type = $1 AND aggregate_id > of_type.id \
                         ORDER BY aggregate_id LIMIT 1) \
                  FROM of_type WHERE of_type.id IS NOT NULL) \
             SELECT of_type.id, newest.* FROM of_type CROSS JOIN LATERAL ( \
                SELECT epoch, transaction_id::text::bigint AS xid, position FROM events \
                 WHERE aggregate_type = $1 AND aggregate_id = of_type.id \
                 ORDER BY sequence DESC LIMIT 1) newest";
        let rows = sqlx::query(LAST).bind(aggregate_type);
        let rows = rows.fetch_all(&self.pool).await?;
        let last = rows
            .iter()
            .map(|row| Ok((row.try_get::<String, _>("id")?, position(row)?)));
        last.collect()
    }

    /// The last event of each of these aggregates that exists, each by one
    /// index look-up.
    pub async fn read_last_of_each(
        &self,
        aggregate_type: &str,
        aggregate_ids: &[String],
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let sql = format!(
            "SELECT e.* FROM unnest($2::text[]) AS w (id) CROSS JOIN LATERAL ( \
                 SELECT {COLUMNS} FROM events \
                  WHERE aggregate_type = $1 AND aggregate_id = w.id \
                  ORDER BY sequence DESC LIMIT 1) e"
        );
        let rows = sqlx::query(&sql).bind(aggregate_type).bind(aggregate_ids);
        let rows = rows.fetch_all(&self.pool).await?;
        rows.iter().map(stored_event).collect()
    }

    /// Whole streams of one aggregate type in the order of their ids, up to
    /// `horizon`: those after `after_id`, about `limit` events a page. A large
    /// event counts as several, one for each [`EVENT_BYTES`], so that a page is
    /// bounded in bytes too; a stream is never cut, and the first one always
    /// comes. For rebuilds, which fold each aggregate on its own.
    pub async fn read_streams(
        &self,
        aggregate_type: &str,
        after_id: &str,
        horizon: Horizon,
        limit: i64,
    ) -> Result<StreamPage, sqlx::Error> {
        let last_id: Option<String> = sqlx::query_scalar(
            "WITH page AS (SELECT aggregate_id, \
                    sum(1 + pg_column_size(payload) / $4) OVER ( \
                        ORDER BY aggregate_id, sequence) > $3 AS beyond \
               FROM (SELECT aggregate_id, sequence, payload FROM events \
                      WHERE aggregate_type = $1 AND aggregate_id > $2 \
                      ORDER BY aggregate_id, sequence LIMIT $3) first) \
             SELECT coalesce( \
                 (SELECT max(aggregate_id) FROM page WHERE aggregate_id < \
                     (SELECT min(aggregate_id) FROM page WHERE beyond)), \
                 (SELECT min(aggregate_id) FROM page WHERE beyond), \
                 (SELECT max(aggregate_id) FROM page))",
        )
        .bind(aggregate_type)
        .bind(after_id)
        .bind(limit)
        .bind(EVENT_BYTES)
        .fetch_one(&self.pool)
        .await?;
        let Some(last_id) = last_id else {
            return Ok(StreamPage::default());
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM events \
              WHERE aggregate_type = $1 AND aggregate_id > $2 AND aggregate_id <= $3 \
                AND (epoch < $4 OR (epoch = $4 AND transaction_id < $5::text::xid8)) \
              ORDER BY aggregate_id, sequence"
        );
        let rows = sqlx::query(&sql)
            .bind(aggregate_type)
            .bind(after_id)
            .bind(&last_id)
            .bind(horizon.epoch)
            .bind(horizon.xid.to_string())
            .fetch_all(&self.pool)
            .await?;
        let events = rows.iter().map(stored_event).collect::<Result<_, _>>()?;
        Ok(StreamPage {
            events,
            last_id: Some(last_id),
        })
    }

    /// The streams of these aggregates, in the order of their ids, up to
    /// `horizon`.
    pub async fn read_streams_of(
        &self,
        aggregate_type: &str,
        ids: &[String],
        horizon: Horizon,
    ) -> Result<Vec<StoredEvent>, sqlx::Error> {
        let sql = format!(
            "SELECT {COLUMNS} FROM events \
              WHERE aggregate_type = $1 AND aggregate_id = ANY($2) \
                AND (epoch < $3 OR (epoch = $3 AND transaction_id < $4::text::xid8)) \
              ORDER BY aggregate_id, sequence"
        );
        let rows = sqlx::query(&sql)
            .bind(aggregate_type)
            .bind(ids)
            .bind(horizon.epoch)
            .bind(horizon.xid.to_string())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(stored_event).collect()
    }
}

/// A page of [`LogReader::read_streams`].
#[derive(Debug, Clone, Default)]
pub struct StreamPage {
    /// Final events; may be empty although more streams follow.
    pub events: Vec<StoredEvent>,
    /// Where the next page begins; none after the last stream.
    pub last_id: Option<String>,
}

/// A query whose first parameters are a position, $1 to $3, and a limit, $4.
pub(super) fn page(sql: &str, after: LogPosition, limit: i64) -> Query<'_, Postgres, PgArguments> {
    sqlx::query(sql)
        .bind(after.epoch)
        .bind(after.xid.to_string())
        .bind(after.position)
        .bind(limit)
}

/// One row of [`COLUMNS`].
pub fn stored_event(row: &PgRow) -> Result<StoredEvent, sqlx::Error> {
    Ok(StoredEvent {
        aggregate_type: row.try_get("aggregate_type")?,
        aggregate_id: row.try_get("aggregate_id")?,
        sequence: row.try_get("sequence")?,
        event_type: row.try_get("event_type")?,
        event_version: row.try_get("event_version")?,
        payload: row.try_get("payload")?,
        metadata: row.try_get::<Json<_>, _>("metadata")?.0,
        at: position(row)?,
        recorded_at: row.try_get("recorded_at")?,
    })
}

/// Where a row of `epoch`, `xid` and `position` stands.
pub(super) fn position(row: &PgRow) -> Result<LogPosition, sqlx::Error> {
    Ok(LogPosition {
        epoch: row.try_get("epoch")?,
        xid: row.try_get::<i64, _>("xid")?.cast_unsigned(),
        position: row.try_get("position")?,
    })
}
