//! A restored log under a system at work: everybody stops or waits, and after a
//! bump everything goes on from what the log has.

use super::backup::Backup;
use crate::{
    process::scene::{Scene, order},
    projections::state::topic,
};
use anyhow::{Result, ensure};
use infra::postgres;
use serde_json::json;
use sqlx::PgPool;
use tests::{Role, TestEnv, wait_until};
use uuid::Uuid;

/// Orders whose last events, or all of whose events, the log loses.
struct Orders {
    /// Placed and confirmed; then paid, which is lost.
    paid: Uuid,
    /// Placed and confirmed; then called off, which is lost.
    cancelled: Uuid,
    /// The same; something else happens to it before workers know that.
    ahead: Uuid,
    /// Placed after the backup.
    lost: Uuid,
}

pub async fn everything_goes_on_after_a_bump(env: &TestEnv) -> Result<()> {
    let mut scene = Scene::start(env, json!({"web": {"auto_confirm": true}})).await?;
    let mut projector = env.role("projector").spawn()?;
    projector.ready().await?;
    let worker = scene.ready_worker().await?;
    let orders = lose_events(env, &scene).await?;
    worker.kill9().await?;

    everybody_refuses(env, &scene).await?;
    let bumped = env.orderlog_ok(&["epoch", "bump", "--yes"]).await?;
    ensure!(bumped.contains("Epoch 2 has begun"), "{bumped}");
    env.orderlog_ok(&["epoch", "show"]).await?;
    scene.start_relay()?;
    scene.command_api.ready().await?;
    // Before any worker knows of it.
    let endpoint = json!({"url": "https://receiver.example/", "event_types": ["*"]});
    let made = scene.api.post("/v1/webhooks/endpoints", &endpoint).await?;
    made.expect(201)?;
    scene.authorize(orders.ahead).await?;
    let _worker = scene.ready_worker().await?;

    knows(&scene, orders.paid, 2).await?;
    knows(&scene, orders.cancelled, 2).await?;
    knows(&scene, orders.lost, 0).await?;
    knows(&scene, orders.ahead, 3).await?;
    // It was known at that version before, too.
    let ops = postgres::pool(&env.config.ops_url, 1)?;
    wait_until("what is new to be told", async || {
        Ok((deliveries(&ops, orders.ahead).await? > 0).then_some(()))
    })
    .await?;
    goes_on(&scene, &orders).await?;
    let told = deliveries(&ops, orders.ahead).await?;
    ensure!(told == 1, "{told} deliveries");
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    published(env, &orders).await?;
    ensure!(scene.refusals().await?.is_empty());
    Ok(())
}

async fn lose_events(env: &TestEnv, scene: &Scene<'_>) -> Result<Orders> {
    let place = || scene.place("web");
    let (paid, cancelled, ahead) = (place().await?, place().await?, place().await?);
    for order in [paid, cancelled, ahead] {
        scene.until_known(order, 2).await?;
        scene.until_idle(order).await?;
    }
    let backup = Backup::take(&env.config.events_url).await?;
    // The API's connections were ended with everybody's.
    let lost = wait_until("the log to take orders again", async || {
        Ok(scene.place("web").await.ok())
    })
    .await?;
    scene.pay(paid).await?;
    scene.cancel(cancelled).await?;
    scene.cancel(ahead).await?;
    scene.until_known(paid, 4).await?;
    scene.until_known(cancelled, 3).await?;
    scene.until_known(ahead, 3).await?;
    scene.until_known(lost, 2).await?;
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    topic::settled(&postgres::pool(&env.config.views_url, 1)?).await?;
    backup.restore().await?;
    Ok(Orders {
        paid,
        cancelled,
        ahead,
        lost,
    })
}

async fn everybody_refuses(env: &TestEnv, scene: &Scene<'_>) -> Result<()> {
    let refused = wait_until("the command API to refuse", async || {
        let answer = scene.api.post("/v1/orders", &order("web")).await?;
        ensure!(
            answer.status.as_u16() >= 500,
            "the restored log took an order"
        );
        Ok((answer.json["code"] == "log_restored").then_some(answer))
    })
    .await?;
    ensure!(refused.status.as_u16() == 503);
    let ready = reqwest::get(format!("{}/readyz", scene.command_api.url())).await?;
    ensure!(ready.status().as_u16() == 503);

    let relay: Role = env.role("relay").spawn()?;
    let log = relay.log_path();
    ensure!(!relay.ended().await?.success());
    let said = std::fs::read_to_string(log)?;
    ensure!(said.contains("orderlog epoch bump"), "{said}");
    for args in [&["verify"][..], &["rebuild", "orders"], &["epoch", "show"]] {
        let ended = env.orderlog(args).await?;
        let said = [ended.stdout, ended.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        ensure!(
            !ended.status.success() && said.contains("orderlog epoch bump"),
            "{said}"
        );
    }
    Ok(())
}

/// On the topic of documents, orders that fell back are what they are now, and
/// the lost one is taken away.
async fn published(env: &TestEnv, orders: &Orders) -> Result<()> {
    let views = postgres::pool(&env.config.views_url, 1)?;
    topic::settled(&views).await?;
    topic::check(&env.config, &views).await?;
    let records = topic::read(&env.config).await?;
    let last = records.iter().rfind(|record| record.id == orders.lost);
    ensure!(last.is_some_and(|r| r.document.is_none()), "{last:?}");
    let of_it = records
        .iter()
        .filter(|record| record.id == orders.cancelled);
    let versions: Vec<_> = of_it.flat_map(topic::Record::version).collect();
    ensure!(
        versions.contains(&(1, 3)) && versions.contains(&(2, 2)),
        "{versions:?}"
    );
    Ok(())
}

/// Of the third version of an order.
async fn deliveries(ops: &PgPool, order: Uuid) -> Result<i64> {
    let told = "SELECT count(*) FROM webhook_deliveries WHERE order_id = $1 AND order_version = 3";
    Ok(sqlx::query_scalar(told).bind(order).fetch_one(ops).await?)
}

/// The workers know an order exactly so far.
async fn knows(scene: &Scene<'_>, order: Uuid, version: i64) -> Result<()> {
    wait_until(&format!("{order} to be known at {version}"), async || {
        Ok((scene.known(order).await? == version).then_some(()))
    })
    .await
}

/// New events of orders that fell back have their consequences, and what was
/// done before and is in the log is not done again.
async fn goes_on(scene: &Scene<'_>, orders: &Orders) -> Result<()> {
    scene.authorize(orders.paid).await?;
    scene.cancel(orders.paid).await?;
    let events = scene.until(orders.paid, "PaymentVoided").await?;
    let confirmed = events.iter().filter(|e| *e == "OrderConfirmed").count();
    ensure!(confirmed == 1, "{events:?}");
    let placed = scene.place("web").await?;
    scene.until(placed, "OrderConfirmed").await?;
    ensure!(scene.events(orders.cancelled).await?.len() == 2);
    ensure!(scene.events(orders.lost).await?.is_empty());
    scene.until_idle(orders.paid).await?;
    Ok(())
}
