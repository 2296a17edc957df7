//! The whole data set through the whole path, held against a computation that
//! shares nothing with it.

use super::independent::{Computed, Figures, Group, compute};
use super::system::System;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    env,
    fs::File,
    path::{Path, PathBuf},
    time::Instant,
};
use tests::{TestEnv, root, wait_until};

/// Beside the checkout, or in the folder that `ORDERLOG_SHARED_DIR` names.
fn whole_file() -> Option<PathBuf> {
    let shared =
        env::var_os("ORDERLOG_SHARED_DIR").map_or_else(|| root().join("../shared"), PathBuf::from);
    Some(shared.join("data/online-retail.csv.xz")).filter(|path| path.exists())
}

pub async fn statistics_equal_an_independent_computation(env: &TestEnv) -> anyhow::Result<()> {
    let Some(path) = whole_file() else {
        eprintln!(
            "SKIPPED import::whole_file: ../shared/data/online-retail.csv.xz is not there; \
             name its folder with ORDERLOG_SHARED_DIR"
        );
        return Ok(());
    };
    let computed = computed(&path).await?;
    ensure!((computed.invoices, computed.lines) == (25_900, 541_909));
    ensure!(computed.stock_movements == (1_336, 1_336));

    let system = System::start(env).await?;
    let file = path.to_str().context("a path that is text")?;
    let began = Instant::now();
    let summary = system.import(file, &[]).await?;
    let took = began.elapsed().as_secs_f64();
    eprintln!("import of the whole file: {took:.1} s, {summary}");
    check_summary(&summary)?;
    system.verify_clean(24_564).await?;
    check_statistics(&system, &computed).await?;

    let again = system.import(file, &[]).await?;
    ensure!(again["imported"]["invoices"] == 0, "{again}");
    ensure!(again["already_there"] == summary["imported"], "{again}");
    ensure!(again["refused"] == summary["refused"], "{again}");
    system.verify_clean(24_564).await?;
    check_statistics(&system, &computed).await
}

async fn computed(path: &Path) -> anyhow::Result<Computed> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || compute(liblzma::read::XzDecoder::new(File::open(path)?)))
        .await?
}

fn check_summary(summary: &Value) -> anyhow::Result<()> {
    ensure!(
        summary["read"] == json!({"invoices": 25_900, "lines": 541_909}),
        "{summary}"
    );
    ensure!(
        summary["imported"] == json!({"invoices": 24_564, "lines": 540_573}),
        "{summary}"
    );
    ensure!(
        summary["refused"] == json!({"invoices": 1_336, "lines": 1_336}),
        "{summary}"
    );
    ensure!(
        summary["refused_by_code"]
            == json!({"no_positive_quantity": {"invoices": 1_336, "lines": 1_336}}),
        "{summary}"
    );
    Ok(())
}

/// Every day, country and kind, and not one more.
async fn check_statistics(system: &System<'_>, computed: &Computed) -> anyhow::Result<()> {
    let told = wait_until("statistics of all orders", async || {
        let told = told(system).await?;
        let orders: i64 = told.values().map(|f| f.orders).sum();
        Ok((orders == 24_564).then_some(told))
    })
    .await?;
    for (group, figures) in &computed.groups {
        let told = told.get(group).copied().unwrap_or_default();
        ensure!(
            told == *figures,
            "{group:?}: told {told:?}, computed {figures:?}"
        );
    }
    ensure!(
        told.len() == computed.groups.len(),
        "{} groups told",
        told.len()
    );
    Ok(())
}

/// What the read API tells.
async fn told(system: &System<'_>) -> anyhow::Result<BTreeMap<Group, Figures>> {
    let path = "/v1/statistics/orders?platform=online-retail&interval=day&group_by=country,kind";
    let answer = system.api.get(path).await?.expect(200)?;
    let rows = answer.json["data"].as_array().context("no rows")?;
    rows.iter().map(row).collect()
}

fn row(row: &Value) -> anyhow::Result<(Group, Figures)> {
    let text = |name: &str| row[name].as_str().map(str::to_owned).context("a text");
    let number = |name: &str| row[name].as_i64().context("a number");
    ensure!(
        row["currency"] == "GBP" && row["items"] == row["revenue"],
        "{row}"
    );
    let group = (text("period")?, text("country")?, text("kind")?);
    let figures = Figures {
        orders: number("orders")?,
        units: number("units")?,
        revenue: number("revenue")?,
    };
    Ok((group, figures))
}
