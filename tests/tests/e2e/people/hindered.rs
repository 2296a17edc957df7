//! Erasures that something comes in the way of: kills, parked orders, builds, backups.

use super::town::{MARL, QUILL, Town, shows_quill};
use crate::{
    operations::scene::count,
    projections::stall::{At, Stall, waits},
    sealing::scene::Scene as Databases,
};
use anyhow::{Context as _, Result, ensure};
use contracts::ids::subject_of_customer;
use infra::postgres;
use serde_json::{Value, json};
use sqlx::PgPool;
use tests::{TestEnv, wait_until};
use uuid::Uuid;

/// Wherever it was killed.
pub async fn a_killed_worker_goes_on_with_an_erasure(env: &TestEnv) -> Result<()> {
    let mut town = Town::open(env).await?;
    let order = town.order(&QUILL, Some("c-1")).await?;
    let body = json!({"platform": "web", "customer_id": "c-1"});
    let ops = postgres::pool(&env.config.ops_url, 1)?;
    let location = town.ask("erase", &body).await?;
    for step in ["keys_deleted_at IS NOT NULL", "prepared", "done > 0"] {
        wait_until(step, async || {
            let sql = format!("SELECT {step} FROM operations");
            let reached: bool = sqlx::query_scalar(&sql).fetch_one(&ops).await?;
            Ok(reached.then_some(()))
        })
        .await?;
        town.kill_worker().await?;
        town.worker = Some(town.scene.worker().await?);
    }
    let ended = town.scene.until_ended(&location, "succeeded").await?;
    ensure!(count(&ended, "succeeded") == 1, "{ended}");
    let history = town
        .see(&format!("{order}/events"))
        .await?
        .expect(200)?
        .json;
    let events = history["data"].as_array().context("no events")?;
    let erased = events
        .iter()
        .filter(|e| e["type"] == "order.personal_data_erased");
    ensure!(erased.count() == 1, "{history}");
    ensure!(shows_quill(&history.to_string()).is_none(), "{history}");
    Ok(())
}

/// Its row cannot be written anew until somebody drives it again; until then nobody
/// says that it is done.
pub async fn a_parked_order_keeps_an_erasure_open(env: &TestEnv) -> Result<()> {
    let town = Town::open(env).await?;
    let order = town.order(&QUILL, Some("c-1")).await?;
    let noted = town.on(&order, "notes", json!({"text": "x"})).await?;
    town.read(&order, &noted["position"]).await?;
    let views = postgres::pool(&env.config.views_url, 2)?;
    let document: String = sqlx::query_scalar("SELECT document FROM orders")
        .fetch_one(&views)
        .await?;
    set_document(&views, "{").await?;
    town.on(&order, "notes", json!({"text": "y"})).await?;
    let parked = "SELECT count(*) FROM parked_orders";
    wait_until("the order to be parked", async || {
        let count: i64 = sqlx::query_scalar(parked).fetch_one(&views).await?;
        Ok((count == 1).then_some(()))
    })
    .await?;
    let body = json!({"platform": "web", "customer_id": "c-1"});
    let location = town.ask("erase", &body).await?;
    let ops = postgres::pool(&env.config.ops_url, 1)?;
    wait_until("word of the parked order", async || {
        let sql = "SELECT coalesce(j.progress ->> 'text', '') \
                     FROM operations o JOIN jobs j ON j.id = o.job_id";
        let error: String = sqlx::query_scalar(sql).fetch_one(&ops).await?;
        Ok(error.contains("1 orders are parked").then_some(()))
    })
    .await?;
    let open = town.scene.read(&location).await?.expect(200)?.json;
    ensure!(open["state"] == "running", "{open}");
    set_document(&views, &document).await?;
    env.orderlog_ok(&["parked", "redrive", "--all"]).await?;
    town.scene.until_ended(&location, "succeeded").await?;
    let read = town.see(&order).await?.expect(200)?.json;
    ensure!(shows_quill(&read.to_string()).is_none(), "{read}");
    Ok(())
}

async fn set_document(views: &PgPool, document: &str) -> Result<()> {
    sqlx::query("UPDATE orders SET document = $1")
        .bind(document)
        .execute(views)
        .await?;
    Ok(())
}

/// What it has read before the keys were deleted it writes anew when it catches up.
pub async fn a_build_that_began_before_forgets_as_well(env: &TestEnv) -> Result<()> {
    let town = Town::open(env).await?;
    for _ in 0..12 {
        town.order(&QUILL, Some("c-1")).await?;
    }
    let last = town.order(&MARL, Some("c-2")).await?;
    let noted = town.on(&last, "notes", json!({"text": "x"})).await?;
    town.read(&last, &noted["position"]).await?;
    let views = postgres::pool(&env.config.views_url, 2)?;
    let stall = Stall::put_into(&env.config.views_url, At::First).await?;
    let building = env.orderlog_ok(&["rebuild", "orders"]);
    let erase = async {
        wait_until("a builder that waits", async || {
            Ok(waits(&views).await?.then_some(()))
        })
        .await?;
        let body = json!({"platform": "web", "customer_id": "c-1"});
        let ended = town.done("erase", &body).await;
        stall.take_out().await?;
        ended
    };
    let (built, erased) = tokio::join!(building, erase);
    ensure!(count(&erased?, "succeeded") == 12);
    built?;
    let databases = Databases::new(&env.config).await?;
    let text = databases.all_views().await?;
    ensure!(
        shows_quill(&text).is_none(),
        "{:?} is in the views",
        shows_quill(&text)
    );
    ensure!(text.contains(MARL.name));
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    Ok(())
}

/// Keys come back with a backup of the ops database; the log knows which were
/// deleted.
pub async fn what_a_restored_backup_brings_back_is_erased_again(env: &TestEnv) -> Result<()> {
    let town = Town::open(env).await?;
    town.order(&QUILL, Some("c-1")).await?;
    town.order(&QUILL, None).await?;
    town.order(&MARL, Some("c-2")).await?;
    let ops = postgres::pool(&env.config.ops_url, 1)?;
    let backup = "CREATE TABLE backup AS SELECT * FROM subject_keys";
    sqlx::query(backup).execute(&ops).await?;
    town.done("erase", &json!({"platform": "web", "customer_id": "c-1"}))
        .await?;
    town.done("erase", &json!({"platform": "web", "email": QUILL.email}))
        .await?;
    let later = town.order(&QUILL, Some("c-1")).await?;
    let subject = subject_of_customer("web", "c-1");
    // Back to the backup: the key of later is lost, as it would be.
    sqlx::query("DELETE FROM subject_keys")
        .execute(&ops)
        .await?;
    let restore = "INSERT INTO subject_keys SELECT * FROM backup";
    sqlx::query(restore).execute(&ops).await?;
    let told = env.orderlog_ok(&["erasures", "reapply", "--json"]).await?;
    let told: Value = serde_json::from_str(&told)?;
    ensure!(
        told == json!({"erasures": 2, "orders": 2, "keys_deleted": 2}),
        "{told}"
    );
    let left: Vec<Uuid> = sqlx::query_scalar("SELECT subject FROM subject_keys")
        .fetch_all(&ops)
        .await?;
    ensure!(left == [subject_of_customer("web", "c-2")], "{left:?}");
    // A key that was made after the erasure stays.
    sqlx::query(
        "INSERT INTO subject_keys SELECT $1, master_key, wrapped, now() FROM backup LIMIT 1",
    )
    .bind(subject)
    .execute(&ops)
    .await?;
    let told = env.orderlog_ok(&["erasures", "reapply", "--json"]).await?;
    let told: Value = serde_json::from_str(&told)?;
    ensure!(told["keys_deleted"] == 0, "{told} after {later}");
    Ok(())
}
