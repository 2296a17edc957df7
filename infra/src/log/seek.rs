//! From times to positions.

use super::reader::{LogReader, position};
use contracts::LogPosition;
use sqlx::{Row as _, postgres::PgRow};
use std::time::Duration;
use time::OffsetDateTime;

/// How much the order of the log and that of the times may differ. The time of
/// an event is that of its transaction's begin, its place is decided by the
/// transaction's first write; in between a session of ours may wait half a
/// minute (`statement_timeout`) at most.
pub const TIME_SLACK: Duration = Duration::from_mins(1);

const FIELDS: &str = "epoch, transaction_id::text::bigint AS xid, position, recorded_at";

impl LogReader {
    /// The newest event, final or not.
    pub async fn newest(&self) -> Result<Option<LogPosition>, sqlx::Error> {
        let sql = format!(
            "SELECT {FIELDS} FROM events \
              ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1"
        );
        let row = sqlx::query(&sql).fetch_optional(&self.pool).await?;
        row.as_ref().map(position).transpose()
    }

    /// The newest final event.
    pub async fn newest_final(&self) -> Result<Option<LogPosition>, sqlx::Error> {
        let sql = format!(
            "SELECT {FIELDS} FROM events \
              WHERE (epoch, transaction_id, position) \
                  < ((SELECT epoch FROM log_epochs ORDER BY epoch DESC LIMIT 1), \
                     pg_snapshot_xmin(pg_current_snapshot()), $1) \
              ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1"
        );
        let row = sqlx::query(&sql).bind(i64::MIN).fetch_optional(&self.pool);
        row.await?.as_ref().map(position).transpose()
    }

    /// The first event in log order that was recorded at or after `time`, final
    /// or not; none: not yet. Times are not indexed: they rise with the log but
    /// for [`TIME_SLACK`], so the place is found by halving, in some forty looks
    /// into the log's index, and by reading the events of a minute. A clock that
    /// was set back by more than that leads to one of several places.
    pub async fn first_since(
        &self,
        time: OffsetDateTime,
    ) -> Result<Option<LogPosition>, sqlx::Error> {
        let earliest = time.saturating_sub(TIME_SLACK.try_into().unwrap_or_default());
        for epoch in self.epochs_with_events().await? {
            let Some(at) = self.halve(epoch, earliest).await? else {
                continue;
            };
            let sql = format!(
                "SELECT {FIELDS} FROM events \
                  WHERE (epoch, transaction_id, position) > ($1, $2::text::xid8, $3) \
                    AND recorded_at >= $4 \
                  ORDER BY epoch, transaction_id, position LIMIT 1"
            );
            let row = sqlx::query(&sql)
                .bind(at.epoch)
                .bind(at.xid.to_string())
                .bind(at.position)
                .bind(time)
                .fetch_optional(&self.pool)
                .await?;
            return row.as_ref().map(position).transpose();
        }
        Ok(None)
    }

    async fn epochs_with_events(&self) -> Result<Vec<i32>, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT epoch FROM log_epochs l \
              WHERE EXISTS (SELECT FROM events e WHERE e.epoch = l.epoch) ORDER BY epoch",
        )
        .fetch_all(&self.pool)
        .await
    }

    /// A position in `epoch` before every event recorded at or after `time`;
    /// none where its last event is older.
    async fn halve(
        &self,
        epoch: i32,
        time: OffsetDateTime,
    ) -> Result<Option<LogPosition>, sqlx::Error> {
        let last = format!(
            "SELECT {FIELDS} FROM events WHERE epoch = $1 \
              ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1"
        );
        let last = sqlx::query(&last).bind(epoch).fetch_optional(&self.pool);
        let Some((mut high, recorded)) = last.await?.as_ref().map(look).transpose()? else {
            return Ok(None);
        };
        if recorded < time {
            return Ok(None);
        }
        // What is looked for is at `high` or before, and not before `low`.
        let mut low = 0;
        while low < high {
            let middle = low + (high - low) / 2;
            match self.first_from(epoch, middle).await? {
                Some((xid, recorded)) if recorded < time => low = xid + 1,
                _ => high = middle,
            }
        }
        Ok(Some(LogPosition {
            epoch,
            xid: high,
            position: i64::MIN,
        }))
    }

    async fn first_from(
        &self,
        epoch: i32,
        xid: u64,
    ) -> Result<Option<(u64, OffsetDateTime)>, sqlx::Error> {
        let sql = format!(
            "SELECT {FIELDS} FROM events \
              WHERE (epoch, transaction_id, position) > ($1, $2::text::xid8, $3) AND epoch = $1 \
              ORDER BY epoch, transaction_id, position LIMIT 1"
        );
        let row = sqlx::query(&sql)
            .bind(epoch)
            .bind(xid.to_string())
            .bind(i64::MIN)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(look).transpose()
    }
}

fn look(row: &PgRow) -> Result<(u64, OffsetDateTime), sqlx::Error> {
    Ok((position(row)?.xid, row.try_get("recorded_at")?))
}
