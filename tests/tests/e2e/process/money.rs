//! What a cancellation leaves to be done with money.

use super::scene::Scene;
use anyhow::{Result, ensure};
use serde_json::json;
use tests::TestEnv;

pub async fn a_cancelled_authorisation_is_voided(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env, json!({})).await?;
    let _worker = scene.ready_worker().await?;
    let order = scene.place("web").await?;
    scene.authorize(order).await?;
    scene.cancel(order).await?;
    scene.until(order, "PaymentVoided").await?;
    let events = scene.until_idle(order).await?;
    ensure!(
        events
            == [
                "OrderPlaced",
                "PaymentAuthorized",
                "OrderCancelled",
                "PaymentVoided"
            ],
        "{events:?}"
    );
    Ok(())
}

pub async fn a_cancelled_capture_is_to_be_given_back(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env, json!({})).await?;
    let _worker = scene.ready_worker().await?;
    let order = scene.place("web").await?;
    scene.pay(order).await?;
    scene.cancel(order).await?;
    scene.until(order, "RefundRequested").await?;
    let events = scene.until_idle(order).await?;
    ensure!(
        events.last().is_some_and(|e| e == "RefundRequested"),
        "{events:?}"
    );
    let (refund, metadata) = scene.last(order, "RefundRequested").await?;
    ensure!(
        refund["payment"] == "p1" && refund["amount"] == 1_000,
        "{refund}"
    );
    ensure!(refund["purpose"] == "cancellation", "{refund}");
    let cause = contracts::cloudevents::event_id(1, order, 4).to_string();
    ensure!(metadata["causation_id"] == cause, "{metadata}");
    Ok(())
}

pub async fn a_refund_is_recorded_or_left_alone_where_the_platform_says_so(
    env: &TestEnv,
) -> Result<()> {
    let platforms = json!({
        "cash": {"on_cancellation": "record"}, "people": {"on_cancellation": "nothing"},
    });
    let scene = Scene::start(env, platforms).await?;
    let _worker = scene.ready_worker().await?;
    let (cash, people) = (scene.place("cash").await?, scene.place("people").await?);
    for order in [people, cash] {
        scene.pay(order).await?;
        scene.cancel(order).await?;
    }
    scene.until(cash, "RefundIssued").await?;
    let events = scene.until_idle(people).await?;
    ensure!(
        events.last().is_some_and(|e| e == "OrderCancelled"),
        "{events:?}"
    );
    Ok(())
}

pub async fn a_capture_that_succeeds_after_the_cancellation_is_given_back(
    env: &TestEnv,
) -> Result<()> {
    let scene = Scene::start(env, json!({})).await?;
    let _worker = scene.ready_worker().await?;
    let order = scene.place("web").await?;
    scene.authorize(order).await?;
    let pending = json!({"amount": 1_000, "pending": true});
    scene.command(order, "payments/p1/capture", pending).await?;
    scene.cancel(order).await?;
    let events = scene.until_idle(order).await?;
    ensure!(
        events.last().is_some_and(|e| e == "OrderCancelled"),
        "{events:?}"
    );
    scene
        .command(order, "captures/c1/succeed", json!({}))
        .await?;
    scene.until(order, "RefundRequested").await?;
    let (refund, _) = scene.last(order, "RefundRequested").await?;
    ensure!(
        refund["payment"] == "p1" && refund["amount"] == 1_000,
        "{refund}"
    );
    Ok(())
}
