//! Workers that are killed in the middle of a file.

use super::desk::{Desk, LARGE, id_of};
use anyhow::{Result, ensure};
use serde_json::json;
use tests::TestEnv;

pub async fn a_killed_worker_leaves_no_half_file(env: &TestEnv) -> Result<()> {
    let desk = Desk::open(env).await?;
    let gate = desk.stop_half_way(env).await?;
    let worker = desk.scene.ready_worker().await?;
    let asked = desk
        .ask(&json!({"kind": "orders", "format": "ndjson"}))
        .await?;
    let id = id_of(&asked)?;
    desk.until_half_way(id).await?;
    worker.kill9().await?;
    let read = desk.read(id).await?;
    ensure!(
        read["state"] == "running" && read["download"].is_null(),
        "{read}"
    );
    // What it has left has no name that anybody would take for a file's.
    let left = desk.files()?;
    ensure!(
        left.len() == 1 && left[0].to_string_lossy().contains('#'),
        "{left:?}"
    );
    drop(gate);
    let _worker = desk.scene.ready_worker().await?;
    let made = desk.until(id, "done").await?;
    let (rows, trailer) = desk.file(&made).await?.content()?;
    let whole = usize::try_from(LARGE)?;
    ensure!(rows.len() == whole && trailer.count == whole && made["rows"] == LARGE);
    let attempts = "SELECT attempts FROM jobs WHERE kind = 'exports.write'";
    let attempts: i32 = sqlx::query_scalar(attempts).fetch_one(&desk.ops).await?;
    ensure!(attempts == 2, "{attempts} attempts");
    Ok(())
}
