//! Files that take too long.

use super::desk::{Desk, id_of};
use anyhow::{Result, ensure};
use infra::config::Config;
use serde_json::{Value, json};
use tests::{TestEnv, wait_until};

fn everything() -> Value {
    json!({"kind": "orders", "format": "ndjson"})
}

/// Waits until an export has failed for good; what its job says of it.
async fn failed(desk: &Desk<'_>, id: &str) -> Result<String> {
    let failed = desk.until(id, "failed").await?;
    ensure!(failed["problem"] == "export_too_long", "{failed}");
    let told = "SELECT attempts, last_error FROM jobs WHERE kind = 'exports.write'";
    let (attempts, why): (i32, String) = sqlx::query_as(told).fetch_one(&desk.ops).await?;
    ensure!(attempts == 1, "{attempts} attempts: {why}");
    Ok(why)
}

pub async fn a_file_that_takes_too_long_fails_once_and_names_the_setting(
    env: &TestEnv,
) -> Result<()> {
    let told = |config: &mut Config| {
        config.export_file_seconds = 1;
        // That of streamed ones means nothing here.
        config.export_seconds = 3_600;
    };
    let desk = Desk::open_with(env, told).await?;
    let gate = desk.stop_half_way(env).await?;
    let _worker = desk.scene.ready_worker().await?;
    let asked = desk.ask(&everything()).await?;
    let why = failed(&desk, id_of(&asked)?).await?;
    ensure!(why.contains("`export_file_seconds`"), "{why}");
    desk.until_files(0).await?;
    drop(gate);
    Ok(())
}

pub async fn a_file_whose_statement_is_ended_fails_once(env: &TestEnv) -> Result<()> {
    // One that is streamed could not take so long.
    let desk = Desk::open_with(env, |config| config.export_seconds = 0).await?;
    let gate = desk.stop_half_way(env).await?;
    let _worker = desk.scene.ready_worker().await?;
    let asked = desk.ask(&everything()).await?;
    let id = id_of(&asked)?;
    desk.until_half_way(id).await?;
    let end = "SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) FROM pg_stat_activity \
          WHERE application_name = 'orderlog export' AND datname = current_database()";
    wait_until("a statement to end", async || {
        let ended: i64 = sqlx::query_scalar(end).fetch_one(&desk.views.pool).await?;
        Ok((ended == 1).then_some(()))
    })
    .await?;
    let why = failed(&desk, id).await?;
    ensure!(why.contains("has ended it"), "{why}");
    desk.until_files(0).await?;
    drop(gate);
    Ok(())
}
