//! What is written: from commands to the log, from there to Kafka, from there to the
//! views; and the views anew.

use super::orders::Piece;
use crate::{
    http,
    process::Process,
    project::offsets,
    workload::{Following, per_second, rate},
};
use anyhow::{Context as _, ensure};
use command_api::Orders;
use infra::{command::Executor, config::Config, lifecycle::Lifecycle, log::LogReader, postgres};
use orderlog::{keys::sealing, mapping::Mapping};
use sqlx::PgPool;
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Clients of the commands.
const CLIENTS: usize = 64;
const ROUNDS: usize = 3;
/// Between looks at the offsets.
const LOOK: Duration = Duration::from_millis(50);
/// How long they stand still before rows are counted.
const STILL: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_mins(10);

/// Commands a second, some rounds of so long.
pub async fn append(executor: &Arc<Executor<Orders>>, time: Duration) -> anyhow::Result<Vec<f64>> {
    let mut rates = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        rates.push(rate(executor, Following::Labels, CLIENTS, time).await?);
    }
    Ok(rates)
}

/// Commands a second over HTTP, some rounds of so long, of a command API that is
/// started for that and has answered for as long before.
pub async fn over_http(
    config: &Config,
    folder: &Path,
    key: &str,
    time: Duration,
) -> anyhow::Result<Vec<f64>> {
    let api = Process::start(config, "command-api", folder).await?;
    http::closed_loop(&api.address, key, time).await?;
    let mut rates = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        rates.push(http::closed_loop(&api.address, key, time).await?);
    }
    Ok(rates)
}

/// Events a second of a projector to which a piece of orders is new, from its first
/// batch to the last.
pub async fn project(config: &Config, views: &PgPool, piece: Piece) -> anyhow::Result<f64> {
    let lifecycle = Lifecycle::new();
    let log = LogReader::new(postgres::pool(&config.events_url, config.events_pool_size)?);
    let (mapping, sealing) = (Arc::new(Mapping), sealing(config)?);
    let deadline = Instant::now() + PATIENCE;
    let mut at = offsets(views).await?;
    sqlx::query("CHECKPOINT").execute(views).await?;
    projections::spawn(config, log, mapping, sealing, &lifecycle)?;
    // When the first batch was seen, and how many records it had; and the last.
    let (mut first, mut last) = (None, Instant::now());
    let rate = loop {
        ensure!(Instant::now() < deadline, "the projector takes too long");
        sleep(LOOK).await;
        let now = offsets(views).await?;
        if now != at {
            last = Instant::now();
            first.get_or_insert((now - at, last));
            at = now;
        } else if last.elapsed() > STILL && applied(views, piece).await? >= piece.events {
            let (records, began) = first.context("nothing was projected")?;
            let events = piece.events.saturating_sub(records.unsigned_abs());
            break per_second(events, last - began);
        }
    };
    lifecycle.shutdown.cancel();
    lifecycle.finished().await?;
    Ok(rate)
}

/// Events of the piece that the rows hold.
async fn applied(views: &PgPool, piece: Piece) -> anyhow::Result<u64> {
    let applied: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(version), 0)::bigint FROM orders \
          WHERE created_at BETWEEN $1 AND $2",
    )
    .bind(piece.from)
    .bind(piece.to)
    .fetch_one(views)
    .await?;
    Ok(applied.unsigned_abs())
}

/// Makes the views of orders anew: events a second, and seconds.
///
/// Consuming goes on at the end of the topic, and the documents pass for published:
/// what a projector would do with what is there already costs each event and each
/// document the same, and would take longer than all the rest.
pub async fn rebuild(config: &Config, views: &PgPool) -> anyhow::Result<(f64, f64)> {
    sqlx::query("DELETE FROM projection_offsets WHERE projection = 'orders'")
        .execute(views)
        .await?;
    let log = LogReader::new(postgres::pool(&config.events_url, config.events_pool_size)?);
    let (mapping, sealing) = (Arc::new(Mapping), sealing(config)?);
    let made = projections::rebuild(config, log, mapping, sealing, &|_| {}).await?;
    let published = sqlx::query(
        "UPDATE projection_publications c SET build = p.build, complete = true \
           FROM projections p WHERE p.name = c.projection AND p.name = 'orders'",
    )
    .execute(views)
    .await?;
    ensure!(
        published.rows_affected() == 1,
        "no documents were published"
    );
    let rate = per_second(made.progress.events, made.took);
    Ok((rate, made.took.as_secs_f64()))
}
