//! Exports that nobody wants any more.

use super::desk::{Desk, id_of, link_of};
use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{TestEnv, answer, wait_until};

fn everything() -> Value {
    json!({"kind": "orders", "format": "ndjson"})
}

pub async fn a_cancelled_export_leaves_nothing(env: &TestEnv) -> Result<()> {
    let desk = Desk::open(env).await?;
    let gate = desk.stop_half_way(env).await?;
    let _worker = desk.scene.ready_worker().await?;
    let asked = desk.ask(&everything()).await?;
    let id = id_of(&asked)?;
    desk.until_half_way(id).await?;
    let progress = wait_until("some progress", async || {
        let export = desk.read(id).await?;
        let rows = export["progress"]["rows"].as_u64();
        Ok((rows > Some(0)).then_some(export["progress"].clone()))
    });
    let progress = progress.await?;
    ensure!(progress["rows"].as_u64() < Some(300) && progress["expected_rows"].is_u64());
    let cancel = format!("{id}/cancel");
    let told = desk.command(Method::POST, &cancel).await?.expect(202)?;
    ensure!(told.json["cancel_requested"] == true && told.json["state"] == "running");
    let cancelled = desk.until(id, "cancelled").await?;
    ensure!(cancelled["download"].is_null() && cancelled["finished_at"].is_string());
    desk.until_files(0).await?;
    let again = desk.command(Method::POST, &cancel).await?;
    again.expect_problem(409, "export_not_live")?;
    drop(gate);
    Ok(())
}

pub async fn an_export_that_waits_is_cancelled_at_once(env: &TestEnv) -> Result<()> {
    let desk = Desk::open(env).await?;
    let asked = desk.ask(&everything()).await?;
    let id = id_of(&asked)?;
    let told = desk.command(Method::POST, &format!("{id}/cancel")).await?;
    ensure!(told.expect(202)?.json["state"] == "cancelled");
    let unknown = format!("{}/cancel", uuid::Uuid::nil());
    let unknown = desk.command(Method::POST, &unknown).await?;
    unknown.expect_problem(404, "export_not_found")?;
    Ok(())
}

pub async fn a_deleted_export_is_gone_with_its_file(env: &TestEnv) -> Result<()> {
    let (desk, _worker) = Desk::with_orders(env, 10).await?;
    let (gone, kept) = (
        desk.made(&everything()).await?,
        desk.made(&everything()).await?,
    );
    let id = id_of(&gone)?;
    desk.command(Method::DELETE, id).await?.expect(204)?;
    let again = desk.command(Method::DELETE, id).await?;
    again.expect_problem(404, "export_not_found")?;
    let read = desk.views.api.get(&format!("/v1/exports/{id}")).await?;
    read.expect_problem(404, "export_not_found")?;
    let followed = answer(desk.follow(link_of(&gone)?)).await?;
    followed.expect_problem(410, "export_gone")?;
    desk.until_files(1).await?;
    wait_until("the row to be gone", async || {
        let rows = sqlx::query_scalar("SELECT count(*) FROM exports").fetch_one(&desk.ops);
        let rows: i64 = rows.await?;
        Ok((rows == 1).then_some(()))
    })
    .await?;
    let followed = answer(desk.follow(link_of(&gone)?)).await?;
    followed.expect_problem(410, "export_gone")?;
    desk.file(&kept).await?;
    Ok(())
}

pub async fn an_expired_file_is_thrown_away_and_so_is_what_nobody_has(env: &TestEnv) -> Result<()> {
    let (desk, _worker) = Desk::with_orders(env, 10).await?;
    let (old, kept) = (
        desk.made(&everything()).await?,
        desk.made(&everything()).await?,
    );
    let expire = "UPDATE exports SET expires_at = statement_timestamp() WHERE id = $1::uuid";
    let expired = sqlx::query(expire)
        .bind(id_of(&old)?)
        .execute(&desk.ops)
        .await?;
    ensure!(expired.rows_affected() == 1);
    // Before anybody has thrown it away.
    let followed = answer(desk.follow(link_of(&old)?)).await?;
    followed.expect_problem(410, "export_gone")?;
    let read = desk.read(id_of(&old)?).await?;
    ensure!(
        read["state"] == "expired" && read["download"].is_null(),
        "{read}"
    );
    // What killed workers leave: of an export that nobody knows, and of another attempt.
    desk.leave_behind(&format!("exports/{}/1.csv", uuid::Uuid::nil()))?;
    desk.leave_behind(&format!("exports/{}/1.ndjson", id_of(&kept)?))?;
    ensure!(desk.files()?.len() == 4);
    desk.tidy().await?;
    desk.until_files(1).await?;
    desk.file(&kept).await?;
    let read = desk.read(id_of(&old)?).await?;
    ensure!(read["state"] == "expired" && read["rows"] == 10, "{read}");
    Ok(())
}
