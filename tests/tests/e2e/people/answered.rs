//! What receivers of webhooks say of somebody.

use super::town::{MARL, QUILL, Town, id_of};
use crate::webhooks::{
    receiver::{Receiver, Reply},
    scene::loopback,
};
use anyhow::{Context as _, Result, ensure};
use infra::postgres;
use serde_json::{Value, json};
use sqlx::PgPool;
use tests::{TestEnv, wait_until};
use uuid::Uuid;

/// They know the name, and say it before and after the erasure.
const NAMED: &str = "kept for Quillfeather Zabrowski";
const ERASED: &str = "[erased]";

/// Neither is kept, not even of what is sent once more; what is said of another order is.
pub async fn what_receivers_say_of_an_erased_order_is_not_kept(env: &TestEnv) -> Result<()> {
    let town = Town::open_with(env, loopback).await?;
    let receiver = Receiver::start(|_| Reply::Status(200, "", NAMED)).await?;
    town.tell(&receiver.url).await?;
    let own = town.order(&QUILL, Some("c-1")).await?;
    let neighbour = town.order(&MARL, Some("c-2")).await?;
    let ops = postgres::pool(&env.config.ops_url, 1)?;
    for order in [&own, &neighbour] {
        wait_until("answers", async || {
            let answers = answers(&ops, id_of(order)?).await?;
            Ok((answers.len() >= 2).then_some(()))
        })
        .await?;
    }
    let before = answers(&ops, id_of(&own)?).await?;
    ensure!(before.iter().all(|answer| answer == NAMED), "{before:?}");

    town.done("erase", &json!({"platform": "web", "customer_id": "c-1"}))
        .await?;
    let left = answers(&ops, id_of(&own)?).await?;
    ensure!(left.iter().all(|answer| answer == ERASED), "{left:?}");
    let theirs = answers(&ops, id_of(&neighbour)?).await?;
    ensure!(theirs.iter().all(|answer| answer == NAMED), "{theirs:?}");

    let first = "SELECT id FROM webhook_deliveries WHERE order_id = $1 ORDER BY id LIMIT 1";
    let first = sqlx::query_scalar(first).bind(id_of(&own)?);
    let first: Uuid = first.fetch_one(&ops).await?;
    let again = format!("/v1/webhooks/deliveries/{first}/retry");
    let again = town.scene.api.post(&again, &json!({})).await?;
    again.expect(202)?;
    let path = format!("/v1/webhooks/deliveries/{first}");
    let attempts = wait_until("another answer", async || {
        let delivery = town.see(&path).await?.expect(200)?.json;
        let attempts = delivery["requests"].as_array().context("no requests")?;
        Ok((attempts.len() == 2).then(|| attempts.clone()))
    })
    .await?;
    ensure!(
        attempts
            .iter()
            .all(|attempt: &Value| attempt["answer"] == ERASED),
        "{attempts:?}"
    );

    // As a backup from before the erasure has it.
    sqlx::query("UPDATE webhook_attempts SET answer = $1 WHERE delivery_id = $2")
        .bind(NAMED)
        .bind(first)
        .execute(&ops)
        .await?;
    sqlx::query("DELETE FROM erased_orders")
        .execute(&ops)
        .await?;
    env.orderlog_ok(&["erasures", "reapply"]).await?;
    let left = answers(&ops, id_of(&own)?).await?;
    ensure!(left.iter().all(|answer| answer == ERASED), "{left:?}");
    Ok(())
}

/// What was answered about an order.
async fn answers(ops: &PgPool, order: Uuid) -> Result<Vec<String>> {
    let sql = "SELECT a.answer FROM webhook_attempts a \
                 JOIN webhook_deliveries d ON d.id = a.delivery_id WHERE d.order_id = $1";
    Ok(sqlx::query_scalar(sql).bind(order).fetch_all(ops).await?)
}
