//! Row `project`: read models caught up from Kafka, beside the same final rows
//! written by COPY and by upserts of 1,000 orders a transaction. Row `rebuild`:
//! the same from the log.

use crate::{backlog, relay, row::Figure, upsert::FinalRows, workload::per_second};
use anyhow::ensure;
use infra::{config::Config, kafka::ensure_topics, lifecycle::Lifecycle, log::LogReader, postgres};
use orderlog::{keys::sealing, mapping::Mapping};
use sqlx::PgPool;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Between looks at the offsets.
const LOOK: Duration = Duration::from_millis(100);
/// How long they stand still before the rows are counted, which reads all.
const STILL: Duration = Duration::from_secs(2);
/// Events of an order in this workload.
const EACH: i64 = 4;
const PATIENCE: Duration = Duration::from_mins(10);

/// Rounds.
const fn rounds(quick: bool) -> usize {
    if quick { 1 } else { 2 }
}
/// Events, all together.
const fn size(quick: bool) -> i64 {
    if quick { 20_000 } else { 1_000_000 }
}

/// From Kafka.
pub async fn catch_up(config: &Config, quick: bool) -> anyhow::Result<Vec<Figure>> {
    prepare(config).await?;
    // A build of what is there: from here on its checkpoints lead.
    backlog::append(config, 400).await?;
    relay::drain(config).await?;
    following(config).await?;
    let (rounds, events) = (rounds(quick), size(quick) / i64::try_from(rounds(quick))?);
    let (mut to_copy, mut to_upsert, mut all) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        backlog::append(config, events).await?;
        relay::drain(config).await?;
        let (count, took) = following(config).await?;
        let ours = per_second(count, took);
        all += count;
        let rows = FinalRows::of(config, events / EACH).await?;
        to_copy.push((ours, rows.copied().await?));
        to_upsert.push((ours, rows.upserted().await?));
    }
    let case = format!("catch-up of {all} events");
    Ok(figures("project", &case, &to_copy, &to_upsert))
}

/// From the log.
pub async fn rebuild(config: &Config, quick: bool) -> anyhow::Result<Vec<Figure>> {
    prepare(config).await?;
    backlog::append(config, size(quick)).await?;
    relay::drain(config).await?;
    let (mut to_copy, mut to_upsert, mut all) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds(quick) {
        let log = LogReader::new(postgres::pool(&config.events_url, config.events_pool_size)?);
        let (mapping, sealing) = (Arc::new(Mapping), sealing(config)?);
        let made = projections::rebuild(config, log, mapping, sealing, &|_| {}).await?;
        let ours = per_second(made.progress.events, made.took);
        all = made.progress.events;
        let rows = FinalRows::of(config, i64::MAX).await?;
        to_copy.push((ours, rows.copied().await?));
        to_upsert.push((ours, rows.upserted().await?));
    }
    let case = format!("rebuild from {all} events");
    Ok(figures("rebuild", &case, &to_copy, &to_upsert))
}

fn figures(
    row: &'static str,
    case: &str,
    to_copy: &[(f64, f64)],
    to_upsert: &[(f64, f64)],
) -> Vec<Figure> {
    let figure = |yardstick, aim, rounds| {
        Figure::of(row, case.to_owned(), "events/s", yardstick, aim, rounds)
    };
    vec![
        figure("upsert of the same rows", Some(0.5), to_upsert),
        figure("COPY of the same rows", None, to_copy),
    ]
}

async fn prepare(config: &Config) -> anyhow::Result<()> {
    postgres::migrate_all(config).await?;
    projections::make_empty(config).await?;
    Ok(ensure_topics(config).await?)
}

/// Runs the projector until the rows hold every event of the log: how many it
/// has applied, and how long that took from the first batch on. While it moves
/// only its offsets are looked at: counting reads every row.
pub async fn following(config: &Config) -> anyhow::Result<(u64, Duration)> {
    let stored = backlog::stored(&postgres::pool(&config.events_url, 1)?).await?;
    let views = postgres::pool(&config.views_url, 1)?;
    let lifecycle = Lifecycle::new();
    let log = LogReader::new(postgres::pool(&config.events_url, config.events_pool_size)?);
    let (mapping, sealing) = (Arc::new(Mapping), sealing(config)?);
    let (deadline, held) = (Instant::now() + PATIENCE, applied(&views).await?);
    let mut at = offsets(&views).await?;
    // As before the yardstick.
    sqlx::query("CHECKPOINT").execute(&views).await?;
    projections::spawn(config, log, mapping, sealing, &lifecycle)?;
    // When the first batch was seen, and how many records it had; and the last.
    let (mut first, mut last) = (None, Instant::now());
    let (count, took) = loop {
        ensure!(Instant::now() < deadline, "the projector takes too long");
        sleep(LOOK).await;
        let now = offsets(&views).await?;
        if now != at {
            last = Instant::now();
            first.get_or_insert((now - at, last));
            at = now;
        } else if last.elapsed() > STILL {
            if applied(&views).await? >= stored {
                let (records, began) = first.unwrap_or((0, last));
                break (stored - held - records, last - began);
            }
            let parked = "SELECT max(reason) FROM parked_orders";
            let parked: Option<String> = sqlx::query_scalar(parked).fetch_one(&views).await?;
            ensure!(parked.is_none(), "orders are parked: {parked:?}");
        }
    };
    lifecycle.shutdown.cancel();
    lifecycle.finished().await?;
    Ok((u64::try_from(count.max(0))?, took))
}

/// Where the checkpoints stand, all together.
pub async fn offsets(views: &PgPool) -> anyhow::Result<i64> {
    let sum = sqlx::query_scalar("SELECT coalesce(sum(next), 0)::bigint FROM projection_offsets");
    Ok(sum.fetch_one(views).await?)
}

/// Events that the rows hold.
pub async fn applied(views: &PgPool) -> anyhow::Result<i64> {
    let applied = sqlx::query_scalar("SELECT coalesce(sum(version), 0)::bigint FROM orders");
    Ok(applied.fetch_one(views).await?)
}
