//! Workers that end in the middle of archiving.

use super::scene::Stage;
use crate::bulk::client::bulk;
use anyhow::{Result, ensure};
use infra::config::Config;
use serde_json::{Value, json};
use tests::{TestEnv, wait_until};

/// Orders that are over: several pages.
const ORDERS: usize = 3_000;

fn after_a_year(config: &mut Config) {
    config.archive_after_days = 365;
    // A drain gives a job away at the end of its page.
    config.jobs_drain_seconds = 10;
}

/// One with its whole past.
fn import(number: usize) -> Value {
    json!({
        "op": "import_order", "key": format!("import-{number}"),
        "body": {
            "platform": "web", "external_id": format!("O-{number}"), "currency": "GBP",
            "placed_at": "2020-01-01T00:00:00Z",
            "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 100}],
            "payments": [{"amount": 100, "captured_at": "2020-01-02T00:00:00Z"}],
            "fulfillments": [{"shipped_at": "2020-01-03T00:00:00Z"}],
        },
    })
}

pub async fn a_killed_worker_archives_each_order_once(env: &TestEnv) -> Result<()> {
    let stage = Stage::start(env, after_a_year).await?;
    let lines: Vec<_> = (0..ORDERS).map(import).collect();
    let imported = bulk(&stage.shop.api, &lines).await?;
    ensure!(
        imported.counts()?[1] == ORDERS as u64,
        "{:?}",
        imported.counts()?
    );
    stage.age_all_but(&[]).await?;
    let worker = stage.worker().await?;
    let job = stage.begin("orders-archive").await?;
    let all = i64::try_from(ORDERS)?;
    stage.until_archived(1).await?;
    ensure!(worker.terminate().await?.success());
    let (drained_at, _) = stage.events_of("OrderArchived").await?;
    ensure!(drained_at < all, "{drained_at}: it has not made room");
    let worker = stage.worker().await?;
    stage.until_archived(drained_at + 1).await?;
    worker.kill9().await?;
    let (killed_at, _) = stage.events_of("OrderArchived").await?;
    ensure!(killed_at < all, "{killed_at}: it was killed too late");
    let worker = stage.worker().await?;
    let result = stage.done(job).await?;
    ensure!(result["changed"] == 0 && result["refused"] == 0, "{result}");
    let stored = stage.events_of("OrderArchived").await?;
    ensure!(stored == (all, all), "{stored:?}");
    println!("drained at {drained_at}, killed at {killed_at} of {all}: {result}");
    wait_until("the views to tell it", async || {
        let api = stage.shop.api.at(&stage.read_api);
        let path = "/v1/orders?archived=false&count=exact&limit=1";
        let left = api.get(path).await?.expect(200)?;
        Ok((left.json["count"] == 0).then_some(()))
    })
    .await?;
    let again = stage.run("orders-archive").await?;
    ensure!(again["archived"] == 0 && again["repeated"] == 0, "{again}");
    ensure!(worker.terminate().await?.success());
    Ok(())
}
