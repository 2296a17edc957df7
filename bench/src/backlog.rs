//! Many events, quickly: written by the server, as the executor would.

use crate::workload::{Following, executor, rate};
use infra::{
    config::{Config, EventStoreKind},
    postgres,
};
use sqlx::PgPool;
use std::time::Duration;

/// Events of one transaction: the relay reads many of them.
const EACH: i64 = 20_000;

/// Copies of the first four events of some order under new ids, $1 of them; of ten
/// orders six are of `web`, three of `shop`, one of `phone`. An id is drawn once, however
/// the server joins the two.
const COPIES: &str = "WITH c AS MATERIALIZED \
       (SELECT gen_random_uuid()::text AS id, \
               (CASE WHEN n % 10 < 6 THEN 'web' WHEN n % 10 < 9 THEN 'shop' ELSE 'phone' END) \
                   AS platform \
          FROM generate_series(1, $1 / 4) n) \
     INSERT INTO events \
       (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
     SELECT e.aggregate_type, c.id, e.sequence, e.event_type, e.event_version, \
            replace(replace(e.payload::text, e.aggregate_id, c.id), '\"platform\":\"web\"', \
                    format('\"platform\":\"%s\"', c.platform))::json, e.metadata \
       FROM c, \
            (SELECT * FROM events \
              WHERE aggregate_type = 'order' AND sequence <= 4 AND aggregate_id = \
                    (SELECT aggregate_id FROM events \
                      WHERE aggregate_type = 'order' AND sequence = 4 LIMIT 1)) e \
      ORDER BY c.id, e.sequence";

/// Events of orders that the log holds.
pub async fn stored(log: &PgPool) -> anyhow::Result<i64> {
    let stored = sqlx::query_scalar("SELECT count(*) FROM events WHERE aggregate_type = 'order'");
    Ok(stored.fetch_one(log).await?)
}

/// Appends about so many events.
pub async fn append(config: &Config, events: i64) -> anyhow::Result<()> {
    let pool = postgres::pool(&config.events_url, 1)?;
    let empty = sqlx::query_scalar(
        "SELECT NOT EXISTS (SELECT FROM events WHERE aggregate_type = 'order' AND sequence = 4)",
    );
    let empty: bool = empty.fetch_one(&pool).await?;
    if empty {
        let executor = executor(config, EventStoreKind::Grouped)?;
        rate(&executor, Following::Labels, 1, Duration::from_millis(100)).await?;
    }
    let mut left = events;
    while left > 0 {
        let now = left.min(EACH);
        sqlx::query(COPIES).bind(now).execute(&pool).await?;
        left -= now;
    }
    Ok(())
}
