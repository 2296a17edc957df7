//! Workers that die, and workers beside each other.

use super::scene::{Scene, counted};
use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use serde_json::json;
use tests::TestEnv;
use uuid::Uuid;

const ORDERS: usize = 60;

/// Confirmed when placed, refunded when cancelled: two steps each. A step that
/// happened twice under two keys would refund twice, and be refused.
async fn paid_and_cancelled(scene: &Scene<'_>) -> Result<Uuid> {
    let order = scene.place("web").await?;
    scene.pay(order).await?;
    scene.cancel(order).await?;
    Ok(order)
}

async fn each_once(scene: &Scene<'_>, orders: &[Uuid]) -> Result<()> {
    for order in orders {
        let events = scene.until_idle(*order).await?;
        for once in ["OrderPlaced", "OrderCancelled", "RefundIssued"] {
            let count = events.iter().filter(|e| *e == once).count();
            ensure!(count == 1, "{count} {once} of {order}: {events:?}");
        }
        let confirmed = events.iter().filter(|e| *e == "OrderConfirmed").count();
        ensure!(confirmed <= 1, "{events:?}");
    }
    let refusals = scene.refusals().await?;
    // A confirmation may come too late, a refund never comes twice.
    ensure!(
        refusals.iter().all(|r| r.starts_with("confirm")),
        "{refusals:?}"
    );
    Ok(())
}

fn platforms() -> serde_json::Value {
    json!({"web": {"auto_confirm": true, "on_cancellation": "record"}})
}

pub async fn a_killed_worker_repeats_nothing(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env, platforms()).await?;
    let mut worker = scene.ready_worker().await?;
    let mut orders = Vec::new();
    for killed in 1..=3 {
        let more = (0..ORDERS / 3).map(|_| paid_and_cancelled(&scene));
        orders.extend(try_join_all(more).await?);
        // In the middle of them: some are done, some are not.
        let some = (killed - 1) * ORDERS / 3 + ORDERS / 9;
        scene
            .until_count("RefundIssued", i64::try_from(some)?)
            .await?;
        worker.kill9().await?;
        worker = scene.worker().spawn()?;
    }
    scene
        .until_count("RefundIssued", i64::try_from(ORDERS)?)
        .await?;
    each_once(&scene, &orders).await
}

pub async fn two_workers_do_each_step_once(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env, platforms()).await?;
    let workers = [scene.ready_worker().await?, scene.ready_worker().await?];
    let orders = try_join_all((0..ORDERS).map(|_| paid_and_cancelled(&scene))).await?;
    each_once(&scene, &orders).await?;
    let mut carried_out = [0, 0];
    for (worker, count) in workers.iter().zip(&mut carried_out) {
        *count = counted(worker, "orderlog_process_steps_done_total").await?;
    }
    let confirmed = scene.count("OrderConfirmed").await?;
    let steps = u64::try_from(confirmed)? + ORDERS as u64;
    ensure!(carried_out.iter().sum::<u64>() == steps, "{carried_out:?}");
    ensure!(
        carried_out.iter().all(|count| *count > 0),
        "{carried_out:?}"
    );
    Ok(())
}
