//! Orders as a shop has them: one a minute, one to five lines of a catalogue, paid
//! and packed, over years. Some are placed by the product; the others are copies of
//! those, which the server writes, with ids, numbers, times and customers of their own.
//!
//! Nobody is named in them: personal data is sealed under keys of its order, which a
//! copy would not have.

use super::placing::through;
use command_api::Orders as Recorded;
use futures_util::future::try_join_all;
use infra::command::Executor;
use sqlx::PgPool;
use std::sync::Arc;
use time::{Duration, OffsetDateTime, macros::datetime};

/// When the first copy was placed, and how long after each the next one.
const FIRST: OffsetDateTime = datetime!(2005-01-01 00:00 UTC);
const EACH: Duration = Duration::seconds(63);
/// Copies of one statement: the relay reads the events of many.
const CHUNK: i64 = 5_000;
/// Orders that are placed at a time.
const CLIENTS: usize = 32;
/// Copies $1 to $2 of orders that were placed, of which there are $3, in the order of
/// their times. Ids are time-ordered, as the product's are, and drawn once, however the
/// server joins the two.
const COPIES: &str = "
    WITH c AS MATERIALIZED
           (SELECT n, moment, encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
                       PLACING substring(int8send(floor(extract(epoch FROM moment) * 1000)::bigint)
                           FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid::text AS id
              FROM (SELECT n, $4::timestamptz + (n - 1) * $5::float8 * interval '1 second' AS moment
                      FROM generate_series($1::bigint, $2::bigint) n) numbered)
    INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version,
                        payload, metadata, recorded_at)
    SELECT 'order', c.id, t.sequence, t.event_type, t.event_version,
           (CASE t.sequence WHEN 1 THEN
                replace(replace(replace(replace(t.payload, t.aggregate_id, c.id),
                    'N-0000000000', 'N-' || lpad(c.n::text, 10, '0')),
                    '2004-02-29T12:34:56Z',
                    to_char(c.moment AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')),
                    'customer-000000', 'customer-' || lpad((c.n * 48271 % 250000)::text, 6, '0'))
            ELSE replace(t.payload, t.aggregate_id, c.id) END)::json,
           t.metadata, c.moment + (t.sequence - 1) * interval '10 minutes'
      FROM c
      JOIN curve_templates t ON t.template = c.n % $3
     ORDER BY c.n, t.sequence";

/// When copy number `number` was placed, from 1.
fn placed_at(number: i64) -> OffsetDateTime {
    FIRST + Duration::seconds(EACH.whole_seconds() * (number - 1).max(0))
}

/// Copies that were appended together.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    /// How many events they have.
    pub events: u64,
    /// When the first one was recorded.
    pub from: OffsetDateTime,
    /// When the last one was.
    pub to: OffsetDateTime,
}

/// A growing log of orders.
pub struct Orders {
    log: PgPool,
    templates: i64,
    copies: i64,
}

impl Orders {
    /// Places so many as commands, of which the others will be copies.
    pub async fn placed(
        log: PgPool,
        executor: &Arc<Executor<Recorded>>,
        templates: usize,
    ) -> anyhow::Result<Self> {
        let clients = (0..CLIENTS).map(|client| {
            let executor = Arc::clone(executor);
            tokio::spawn(async move {
                for number in (client..templates).step_by(CLIENTS) {
                    through(&executor, number).await?;
                }
                anyhow::Ok(())
            })
        });
        let placed = try_join_all(clients).await?;
        placed.into_iter().collect::<anyhow::Result<()>>()?;
        for statement in [
            "CREATE TABLE curve_templates AS \
             SELECT dense_rank() OVER (ORDER BY aggregate_id) - 1 AS template, aggregate_id, \
                    sequence, event_type, event_version, payload::text AS payload, metadata \
               FROM events WHERE aggregate_type = 'order'",
            "ANALYZE curve_templates",
        ] {
            sqlx::query(statement).execute(&log).await?;
        }
        Ok(Self {
            log,
            templates: i64::try_from(templates)?,
            copies: 0,
        })
    }

    /// Appends copies until the log has so many orders.
    pub async fn grow(&mut self, orders: i64) -> anyhow::Result<()> {
        let stored: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM events WHERE aggregate_type = 'order' AND sequence = 1",
        )
        .fetch_one(&self.log)
        .await?;
        self.append((orders - stored).max(0)).await?;
        for statement in ["VACUUM ANALYZE events", "CHECKPOINT"] {
            sqlx::query(statement).execute(&self.log).await?;
        }
        Ok(())
    }

    /// Appends so many copies, after all others in time.
    pub async fn append(&mut self, orders: i64) -> anyhow::Result<Piece> {
        let (last, mut events) = (self.copies + orders, 0);
        let from = placed_at(self.copies + 1);
        while self.copies < last {
            let next = last.min(self.copies + CHUNK);
            let appended = sqlx::query(COPIES)
                .bind(self.copies + 1)
                .bind(next)
                .bind(self.templates)
                .bind(FIRST)
                .bind(EACH.as_seconds_f64())
                .execute(&self.log)
                .await?;
            events += appended.rows_affected();
            self.copies = next;
        }
        let to = self.newest();
        Ok(Piece { events, from, to })
    }

    /// When the last copy was placed.
    pub fn newest(&self) -> OffsetDateTime {
        placed_at(self.copies)
    }

    /// When the first one was.
    pub const fn oldest() -> OffsetDateTime {
        FIRST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_on_where_they_were() {
        assert_eq!(placed_at(1), Orders::oldest());
        assert_eq!(placed_at(3) - placed_at(2), EACH);
    }
}
