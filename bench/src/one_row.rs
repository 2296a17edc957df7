//! The yardstick of `append`: one prepared one-row INSERT per transaction into
//! the same table, as pgbench does it.

use crate::pgbench;
use anyhow::{Context as _, ensure};
use infra::{clock, config::Config, postgres};
use sqlx::Row as _;
use std::time::Duration;

/// Its name in figures.
pub const NAME: &str = "pgbench-like one-row INSERT";

const SQL: &str = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
     event_version, payload, metadata) VALUES ('order', $1, $2, $3, '1', $4, $5)";

/// The rows of one order as the executor stored them: type, payload, metadata.
#[derive(Debug, Clone)]
pub struct Rows(Vec<(String, String, String)>);

impl Rows {
    /// Those of the order that clients have just been through with: rows that were
    /// measured before may have left others, of other shapes and lengths.
    pub async fn of(config: &Config) -> anyhow::Result<Self> {
        let pool = postgres::pool(&config.events_url, 1)?;
        let rows = sqlx::query(
            "SELECT event_type, payload::text AS payload, metadata::text AS metadata FROM events \
              WHERE aggregate_type = 'order' AND aggregate_id = \
                    (SELECT aggregate_id FROM events \
                      WHERE aggregate_type = 'order' AND sequence = 4 \
                      ORDER BY epoch DESC, transaction_id DESC, position DESC LIMIT 1) \
              ORDER BY sequence",
        )
        .fetch_all(&pool)
        .await?;
        let row = |row: &sqlx::postgres::PgRow| {
            Ok((
                row.try_get("event_type")?,
                row.try_get("payload")?,
                row.try_get("metadata")?,
            ))
        };
        let rows = rows
            .iter()
            .map(row)
            .collect::<Result<Vec<_>, sqlx::Error>>()?;
        ensure!(rows.len() == 4, "an order of the workload has four events");
        Ok(Self(rows))
    }
}

/// Rows a second of so many clients.
pub async fn rate(
    config: &Config,
    rows: &Rows,
    clients: usize,
    time: Duration,
) -> anyhow::Result<f64> {
    let rows = rows.clone();
    let order = move |client: &mut pgbench::Client| {
        let id = clock::new_id().to_string();
        for (sequence, row) in (1_u64..).zip(&rows.0) {
            insert(client, &id, sequence, row)?;
        }
        Ok(u64::try_from(rows.0.len())?)
    };
    pgbench::rate(&config.events_url, SQL, clients, time, order).await
}

fn insert(
    client: &mut pgbench::Client,
    id: &str,
    sequence: u64,
    (event_type, payload, metadata): &(String, String, String),
) -> anyhow::Result<()> {
    // Unique per order, as the executor's is.
    let at = metadata.find("command_id\":\"").context("a command id")? + 13;
    let command = clock::new_id().to_string();
    let metadata = [&metadata[..at], &command, &metadata[at + 36..]].concat();
    client.execute(&[id, &sequence.to_string(), event_type, payload, &metadata])
}
