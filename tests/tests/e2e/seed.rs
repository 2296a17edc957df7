//! `orderlog seed`: a shop that is made up, through the whole path.

use crate::import::system::System;
use anyhow::{Context as _, ensure};
use contracts::order::{FulfillmentStatus, OrderStatus, PaymentStatus, ReturnStatus};
use libtest_mimic::Trial;
use serde_json::Value;
use std::fs;
use tests::{TestEnv, on_servers, wait_until};

/// All tests of sample data.
pub fn trials() -> Vec<Trial> {
    vec![on_servers(
        "seed::a_shop_is_taken_whole_shows_every_status_and_is_made_once",
        async |env: &TestEnv| a_shop(env).await,
    )]
}

const ORDERS: &str = "60";

/// What pages list, and what charts are drawn from.
const SHOWN: [&str; 10] = [
    "platforms",
    "products",
    "shipping/zones",
    "shipping/methods",
    "customers",
    "statistics/orders?interval=day&from=2025-12-01&to=2026-03-01",
    "statistics/products?from=2025-12-01&to=2026-03-01",
    "statistics/customers?from=2025-12-01&to=2026-03-01",
    "statistics/customers/cohorts?from=2025-12-01&to=2026-03-01",
    "statistics/funnel?from=2025-12-01&to=2026-03-01",
];

async fn a_shop(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let first = seed(env, &system, "1").await?;
    let lines = first["lines"]["done"].as_u64().context("a count")?;
    ensure!(lines > 200, "{first}");
    ensure!(first["lines"]["already_there"] == 0, "{first}");
    let report = system.verify().await?;
    ensure!(report["differences"] == 0, "{report}");
    every_status(&system).await?;
    every_page(&system).await?;

    let logged = system.logged().await?;
    let second = seed(env, &system, "1").await?;
    ensure!(second["lines"]["done"] == 0, "{second}");
    ensure!(second["lines"]["already_there"] == lines, "{second}");
    ensure!(system.logged().await? == logged, "a second run changes it");

    // Another one comes beside it, in the same shop.
    let other = seed(env, &system, "2").await?;
    ensure!(other["by_op"]["import_order"]["done"] == 30, "{other}");
    ensure!(other["by_op"]["save_platform"]["done"] == 0, "{other}");
    let report = system.verify().await?;
    ensure!(report["differences"] == 0, "{report}");
    Ok(())
}

/// Makes a shop, of which everything is taken; the summary.
async fn seed(env: &TestEnv, system: &System<'_>, seed: &str) -> anyhow::Result<Value> {
    let key_file = system.dir.path().join("seed-api-key");
    fs::write(&key_file, system.api.key())?;
    let key_file = key_file.to_str().context("a path that is text")?;
    let url = system.command_api.url();
    let args = ["seed", "--orders", ORDERS, "--seed", seed, "--json"];
    let until = ["--until", "2026-03-01", "--url", url];
    let key = ["--api-key-file", key_file];
    let printed = env
        .orderlog_ok(&[&args[..], &until[..], &key[..]].concat())
        .await?;
    let summary: Value = serde_json::from_str(&printed)?;
    ensure!(summary["end"] == "complete", "{summary}");
    ensure!(summary["lines"]["refused"] == 0, "{summary}");
    Ok(summary)
}

async fn every_status(system: &System<'_>) -> anyhow::Result<()> {
    let all = [
        of("status", OrderStatus::ALL, OrderStatus::as_str),
        of("payment_status", PaymentStatus::ALL, PaymentStatus::as_str),
        of(
            "fulfillment_status",
            FulfillmentStatus::ALL,
            FulfillmentStatus::as_str,
        ),
        of("return_status", ReturnStatus::ALL, ReturnStatus::as_str),
    ];
    for (axis, value) in all.into_iter().flatten() {
        let path = format!("/v1/orders?{axis}={value}&limit=1");
        let list = system.api.get(&path).await?.expect(200)?.json;
        ensure!(!list["data"][0].is_null(), "no order has {axis} {value}");
    }
    Ok(())
}

/// None of them is empty. Reference data has projections of its own, so it is waited
/// for.
async fn every_page(system: &System<'_>) -> anyhow::Result<()> {
    for shown in SHOWN {
        let path = format!("/v1/{shown}");
        wait_until(&path, async || {
            let answer = system.api.get(&path).await?.expect(200)?.json;
            Ok((!answer["data"][0].is_null()).then_some(()))
        })
        .await?;
    }
    Ok(())
}

/// An axis with each of its states.
fn of<T: Copy>(
    axis: &'static str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Vec<(&'static str, &'static str)> {
    all.iter().map(|state| (axis, name(*state))).collect()
}
