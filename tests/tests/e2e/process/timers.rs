//! Steps that are due later.

use super::scene::Scene;
use anyhow::{Result, ensure};
use serde_json::json;
use tests::TestEnv;

pub async fn an_unpaid_order_expires_and_a_paid_one_does_not(env: &TestEnv) -> Result<()> {
    let platforms = json!({"web": {"expire_unpaid_after_seconds": 2}});
    let scene = Scene::start(env, platforms).await?;
    let _worker = scene.ready_worker().await?;
    let (paid, authorised) = (scene.place("web").await?, scene.place("web").await?);
    scene.pay(paid).await?;
    scene.authorize(authorised).await?;
    let forgotten = scene.place("web").await?;
    let events = scene.until(forgotten, "OrderCancelled").await?;
    ensure!(events == ["OrderPlaced", "OrderCancelled"], "{events:?}");
    // They were placed before it: their time has come, and nothing is left
    // that could cancel them.
    for order in [paid, authorised] {
        let events = scene.until_idle(order).await?;
        ensure!(!events.contains(&"OrderCancelled".to_owned()), "{events:?}");
    }
    let (placed, cancelled) = (
        scene.recorded(forgotten, "OrderPlaced").await?,
        scene.recorded(forgotten, "OrderCancelled").await?,
    );
    ensure!((cancelled - placed).as_seconds_f64() >= 2.0, "too early");
    Ok(())
}

/// The worker does not know yet that the order was paid: the command API
/// does, and the step waits until its order's row has followed.
pub async fn an_unpaid_order_that_moved_on_is_not_expired(env: &TestEnv) -> Result<()> {
    let platforms = json!({"web": {"expire_unpaid_after_seconds": 3}});
    let mut scene = Scene::start(env, platforms).await?;
    let _worker = scene.ready_worker().await?;
    let order = scene.place("web").await?;
    scene.until_known(order, 1).await?;
    scene.stop_relay().await?;
    scene.authorize(order).await?;
    scene.until_error("moved on").await?;
    scene.start_relay()?;
    let events = scene.until_idle(order).await?;
    ensure!(events == ["OrderPlaced", "PaymentAuthorized"], "{events:?}");
    Ok(())
}

pub async fn a_settled_order_is_archived(env: &TestEnv) -> Result<()> {
    let platforms = json!({"web": {"archive_settled_after_seconds": 1}});
    let scene = Scene::start(env, platforms).await?;
    let _worker = scene.ready_worker().await?;
    let (packed, shipped) = (scene.place("web").await?, scene.place("web").await?);
    for order in [packed, shipped] {
        scene.pay(order).await?;
    }
    let lines = json!({"lines": [{"line": "l1", "quantity": 1}]});
    scene.command(packed, "fulfillments", lines).await?;
    scene.ship(shipped).await?;
    scene.until(shipped, "OrderArchived").await?;
    let events = scene.until_idle(packed).await?;
    ensure!(!events.contains(&"OrderArchived".to_owned()), "{events:?}");

    scene.command(shipped, "unarchive", json!({})).await?;
    let again = |events: &[String]| events.iter().filter(|e| *e == "OrderArchived").count() == 2;
    scene
        .until_events(shipped, "to be archived again", again)
        .await?;
    ensure!(scene.refusals().await?.is_empty());
    Ok(())
}
