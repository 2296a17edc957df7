//! Steps that are due at once, and orders that start none.

use super::scene::{Scene, id_of, order};
use anyhow::{Result, ensure};
use serde_json::json;
use tests::TestEnv;
use uuid::Uuid;

pub async fn orders_are_confirmed_where_the_platform_says_so(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env, json!({"web": {"auto_confirm": true}})).await?;
    let _worker = scene.ready_worker().await?;
    let (web, shop) = (scene.place("web").await?, scene.place("shop").await?);
    scene.until(web, "OrderConfirmed").await?;
    ensure!(scene.until_idle(web).await? == ["OrderPlaced", "OrderConfirmed"]);
    ensure!(scene.until_idle(shop).await? == ["OrderPlaced"]);
    // The log tells who it was: the worker's key, not the shop's.
    let actor = |metadata: &serde_json::Value| metadata["actor"].clone();
    let (_, confirmed) = scene.last(web, "OrderConfirmed").await?;
    let (_, placed) = scene.last(web, "OrderPlaced").await?;
    ensure!(actor(&confirmed).is_string() && actor(&confirmed) != actor(&placed));
    ensure!(confirmed["correlation_id"] == placed["correlation_id"]);
    Ok(())
}

pub async fn imported_orders_start_nothing(env: &TestEnv) -> Result<()> {
    let platforms = json!({"default": {"auto_confirm": true, "expire_unpaid_after_seconds": 0,
                                       "archive_settled_after_seconds": 0}});
    let scene = Scene::start(env, platforms).await?;
    let _worker = scene.ready_worker().await?;
    let mut body = order("old");
    body["external_id"] = json!("O-1");
    body["kind"] = json!("order");
    body["placed_at"] = json!("2010-12-01T08:26:00Z");
    let imported = scene.api.post("/v1/orders/import", &body).await?;
    let imported = id_of(&imported.expect(201)?.json)?;
    let noted = json!({"text": "an event of today"});
    scene.command(imported, "notes", noted).await?;
    let events = scene.until_idle(imported).await?;
    ensure!(events == ["OrderImported", "NoteAdded"], "{events:?}");
    // The same rules apply to an order that was placed here.
    let placed = scene.place("old").await?;
    scene.until(placed, "OrderCancelled").await?;
    Ok(())
}

pub async fn what_happened_while_no_worker_ran_is_caught_up_with(env: &TestEnv) -> Result<()> {
    let platforms = json!({"web": {"auto_confirm": true, "expire_unpaid_after_seconds": 1}});
    let scene = Scene::start(env, platforms).await?;
    let worker = scene.ready_worker().await?;
    let first = scene.place("web").await?;
    scene.until(first, "OrderCancelled").await?;
    worker.terminate().await?;

    let (forgotten, paid) = (scene.place("web").await?, scene.place("web").await?);
    scene.pay(paid).await?;
    let cancelled = scene.place("web").await?;
    scene.pay(cancelled).await?;
    scene.cancel(cancelled).await?;
    let _worker = scene.ready_worker().await?;
    // Its time had come before anybody could confirm it, or just after.
    scene.until(forgotten, "OrderCancelled").await?;
    scene.until(paid, "OrderConfirmed").await?;
    let events = scene.until_idle(paid).await?;
    ensure!(!events.contains(&"OrderCancelled".to_owned()), "{events:?}");
    scene.until(cancelled, "RefundRequested").await?;
    let events = scene.until_idle(cancelled).await?;
    ensure!(!events.contains(&"OrderConfirmed".to_owned()), "{events:?}");
    let refusals = scene.refusals().await?;
    let too_late = |refusal: &String| refusal == "confirm: order_cancelled";
    ensure!(refusals.iter().all(too_late), "{refusals:?}");
    Ok(())
}

/// A call that died between the exchange order and its link: the worker
/// completes it. One that did not die has nothing left to be completed.
pub async fn an_exchange_is_linked_to_the_return(env: &TestEnv) -> Result<()> {
    let mut scene = Scene::start(env, json!({})).await?;
    let _worker = scene.ready_worker().await?;
    let (whole, half) = (returned(&scene).await?, returned(&scene).await?);
    let lines = json!({"lines": order("web")["lines"]});
    let whole_exchange = scene.command(whole, "returns/r1/exchange", lines.clone());
    let whole_exchange = id_of(&whole_exchange.await?)?;
    scene.until_idle(whole_exchange).await?;

    scene.stop_relay().await?;
    let half_exchange = scene.command(half, "returns/r1/exchange", lines).await?;
    scene.forget(half, "ReturnExchanged").await?;
    scene.start_relay()?;
    scene.until(half, "ReturnExchanged").await?;
    let (link, _) = scene.last(half, "ReturnExchanged").await?;
    ensure!(
        link["exchange_order_id"] == half_exchange["order_id"],
        "{link}"
    );
    let events = scene.events(whole).await?;
    let linked = events.iter().filter(|e| *e == "ReturnExchanged").count();
    ensure!(linked == 1, "{events:?}");
    ensure!(scene.refusals().await?.is_empty());
    Ok(())
}

/// An order whose goods are asked to come back.
async fn returned(scene: &Scene<'_>) -> Result<Uuid> {
    let order = scene.place("web").await?;
    scene.pay(order).await?;
    scene.ship(order).await?;
    let lines = json!({"lines": [{"line": "l1", "quantity": 1, "reason": "too small"}]});
    scene.command(order, "returns", lines).await?;
    Ok(order)
}
