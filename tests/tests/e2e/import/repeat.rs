//! An import may be repeated, and stopped anywhere.

use super::synthetic;
use super::system::System;
use anyhow::{Context as _, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::Path;
use tests::{TestEnv, wait_until};

pub async fn a_second_import_changes_nothing_and_says_so(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let (text, shape) = synthetic::file(300);
    let file = system.file(&text)?;
    let orders = shape.invoices - shape.stock_movements;

    let first = system.import(&file, &[]).await?;
    ensure!(first["imported"]["invoices"] == orders, "{first}");
    ensure!(
        first["refused_by_code"]
            == json!({"no_positive_quantity": {
                "invoices": shape.stock_movements, "lines": shape.stock_movements,
            }}),
        "{first}"
    );
    ensure!(
        first["read"] == json!({"invoices": shape.invoices, "lines": shape.lines}),
        "{first}"
    );
    system.verify_clean(orders).await?;

    let second = system.import(&file, &[]).await?;
    ensure!(
        second["imported"] == json!({"invoices": 0, "lines": 0}),
        "{second}"
    );
    ensure!(second["already_there"] == first["imported"], "{second}");
    ensure!(second["refused"] == first["refused"], "{second}");
    system.verify_clean(orders).await
}

pub async fn a_stopped_import_goes_on_when_repeated(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    // More lines than the look-back holds: the first orders are sent before
    // the file is read to its end.
    let (text, shape) = synthetic::file(8_000);
    let file = system.file(&text)?;
    let report = system.dir.path().join("report.ndjson");
    let path = report.to_str().context("a path that is text")?;
    let args = system.import_args(&file, &["--concurrency", "4", "--report", path])?;
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let importer = env.role("import").args(&args).spawn()?;
    wait_until("the first orders", async || {
        Ok((system.logged().await? > 50).then_some(()))
    })
    .await?;
    importer.signal(Signal::INT)?;
    let status = importer.ended().await?;
    let stopped = summary(&report)?;

    ensure!(status.code() == Some(1), "{status}");
    ensure!(
        stopped["end"] == "stopped" && stopped["adds_up"] == true,
        "{stopped}"
    );
    let stored = stopped["imported"]["invoices"]
        .as_u64()
        .context("a count")?;
    ensure!(
        stopped["not_sent"]["invoices"] != 0,
        "it was to be stopped in the middle: {stopped}"
    );
    ensure!(
        u64::try_from(system.logged().await?)? == stored,
        "what is in flight is finished"
    );

    let rest = system.import(&file, &[]).await?;
    ensure!(rest["already_there"]["invoices"] == stored, "{rest}");
    system
        .verify_clean(shape.invoices - shape.stock_movements)
        .await
}

/// The last record of a report.
fn summary(report: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(report)?;
    let last = text.lines().last().context("an empty report")?;
    Ok(serde_json::from_str(last)?)
}
