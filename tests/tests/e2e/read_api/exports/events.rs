//! `/v1/events.…`.

use super::{
    super::live::{Stream, apis, note, place},
    files::{Rows, export},
};
use anyhow::{Context as _, Result, ensure};
use infra::{log::LogReader, postgres::pool};
use serde_json::Value;
use tests::{TestEnv, wait_until};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

super::super::suite![events_are_exported_as_they_are_told];

/// Orders, of two events each.
const ORDERS: usize = 6;

async fn events_are_exported_as_they_are_told(env: &TestEnv) -> Result<()> {
    let (commands, queries, _roles) = apis(env).await?;
    let (empty, trailer) = export(&queries, "/v1/events.ndjson").await?.lines()?;
    ensure!(empty.is_empty() && trailer.count == 0);
    let mut paths = Vec::new();
    for number in 0..ORDERS {
        let platform = ["web", "shop"][number % 2];
        let path = place(&commands, platform, &format!("E-{number}")).await?;
        note(&commands, &path).await?;
        paths.push(path);
    }
    settled(env).await?;
    let stream = format!("/v1/events/stream?after={}", trailer.position);
    let mut stream = Stream::open(&queries, &stream, None).await?;
    let mut told = Vec::new();
    while told.len() < 2 * ORDERS {
        told.push(stream.data().await?);
    }
    let events = async |filters: &str| -> Result<(Vec<Value>, String)> {
        let file = export(&queries, &format!("/v1/events.ndjson?{filters}")).await?;
        let (lines, trailer) = file.lines()?;
        let events = lines.iter().map(|line| serde_json::from_str(line));
        Ok((events.collect::<Result<_, _>>()?, trailer.position))
    };
    let (all, end) = events("").await?;
    ensure!(all == told, "{all:?}");
    ensure!(
        all[0]["data"].to_string().contains("Ada Lovelace"),
        "sealed"
    );

    // Both halves meet, and after the end there is nothing.
    let middle = all[4]["position"].as_str().context("no position")?;
    let (first, reached) = events(&format!("until={middle}")).await?;
    ensure!(first == all[..5]);
    let (second, _) = events(&format!("after={reached}")).await?;
    ensure!(second == all[5..], "{second:?}");
    let (third, _) = events(&format!("after={end}")).await?;
    ensure!(third.is_empty());
    let time = all[4]["time"].as_str().context("no time")?;
    let moment = |event: &Value| OffsetDateTime::parse(event["time"].as_str()?, &Rfc3339).ok();
    let is_before = |event: &&Value| moment(event) < moment(&all[4]);
    let (early, _) = events(&format!("recorded_to={time}")).await?;
    ensure!(early.iter().collect::<Vec<_>>() == all.iter().filter(is_before).collect::<Vec<_>>());
    let (late, _) = events(&format!("recorded_from={time}")).await?;
    ensure!(early.len() + late.len() == all.len());

    let (notes, _) = events("type=order.note_*&platform=web").await?;
    ensure!(notes.len() == ORDERS / 2 && notes.iter().all(|n| n["type"] == "order.note_added"));
    let order = paths[1].rsplit('/').next().unwrap_or_default();
    let (one, _) = events(&format!("order={order}")).await?;
    ensure!(one.len() == 2 && one.iter().all(|event| event["subject"] == *order));

    let (csv, _) = export(&queries, "/v1/events.csv").await?.rows()?;
    same(&csv, &all)?;
    let (parquet, _) = export(&queries, "/v1/events.parquet").await?.rows()?;
    same(&parquet, &all)
}

fn same(rows: &Rows, events: &[Value]) -> Result<()> {
    ensure!(rows.len() == events.len());
    for (row, event) in rows.iter().zip(events) {
        for (cell, name) in [
            ("id", "id"),
            ("type", "type"),
            ("time", "time"),
            ("order_id", "subject"),
            ("actor", "actor"),
            ("position", "position"),
        ] {
            ensure!(
                row.get(cell).map(String::as_str) == event[name].as_str(),
                "{row:?} {event}"
            );
        }
        ensure!(row["sequence"] == event["sequence"].to_string());
        ensure!(row["platform"] == "web" || row["platform"] == "shop");
        let data: Value = serde_json::from_str(&row["data"])?;
        ensure!(data == event["data"], "{data}");
    }
    Ok(())
}

/// Waits until everything is final: transactions of other tests may be under way
/// on the same servers.
pub async fn settled(env: &TestEnv) -> Result<()> {
    let reader = LogReader::new(pool(&env.config.events_url, 1)?);
    wait_until("the log to be final", async || {
        let newest = reader.newest().await?;
        let horizon = reader.horizon().await?;
        Ok(newest
            .is_none_or(|newest| horizon.covers(newest))
            .then_some(()))
    })
    .await
}
