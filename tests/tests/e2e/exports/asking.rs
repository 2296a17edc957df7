//! What can be asked for.

use super::desk::{Desk, id_of};
use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tests::TestEnv;

pub async fn a_repeated_request_makes_one_export(env: &TestEnv) -> Result<()> {
    let desk = Desk::open(env).await?;
    let (api, path) = (&desk.scene.api, "/v1/exports");
    let body = json!({"kind": "orders", "format": "csv", "filters": {"platform": "web"}});
    let first = api.post_once(path, "k", &body).await?.expect(202)?;
    let again = api.post_once(path, "k", &body).await?.expect(202)?;
    ensure!(first.json == again.json && again.header("idempotent-replayed") == "true");
    let other = json!({"kind": "orders", "format": "csv"});
    let other = api.post_once(path, "k", &other).await?;
    other.expect_problem(422, "idempotency_key_reused")?;
    // No worker takes its row away.
    let spent = api.post_once(path, "spent", &body).await?.expect(202)?;
    desk.command(Method::DELETE, id_of(&spent.json)?)
        .await?
        .expect(204)?;
    let spent = api.post_once(path, "spent", &body).await?;
    spent.expect_problem(409, "request_spent")?;
    let second = desk
        .ask(&json!({"kind": "lines", "format": "parquet"}))
        .await?;
    ensure!(second["compression"] == "zstd" && second["state"] == "pending");
    let list = desk
        .views
        .api
        .get("/v1/exports?limit=1")
        .await?
        .expect(200)?
        .json;
    ensure!(
        list["data"][0]["id"] == second["id"] && list["has_more"] == true,
        "{list}"
    );
    let cursor = list["next_cursor"].as_str().unwrap_or_default();
    let next = format!("/v1/exports?limit=1&cursor={cursor}");
    let next = desk.views.api.get(&next).await?.expect(200)?.json;
    ensure!(
        next["data"] == json!([first.json]) && next["has_more"] == false,
        "{next}"
    );
    let filtered = "/v1/exports?state=pending&kind=lines";
    let filtered = desk.views.api.get(filtered).await?.expect(200)?.json;
    ensure!(
        filtered["data"].as_array().map(Vec::len) == Some(1),
        "{filtered}"
    );
    let read = desk.read(id_of(&first.json)?).await?;
    ensure!(
        read["download"].is_null() && read["filters"] == body["filters"],
        "{read}"
    );
    Ok(())
}

pub async fn what_cannot_be_exported_is_refused_by_its_members(env: &TestEnv) -> Result<()> {
    let desk = Desk::open(env).await?;
    let orders = |more: Value| {
        let mut body = json!({"kind": "orders", "format": "csv"});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        body
    };
    for (body, pointer) in [
        (
            orders(json!({"filters": {"status": "lost"}})),
            "/filters/status",
        ),
        (
            orders(json!({"filters": {"colour": "red"}})),
            "/filters/colour",
        ),
        (
            orders(json!({"filters": {"created_from": "2026-02-01", "created_to": "2026-01-01"}})),
            "/filters/created_to",
        ),
        // Rows have their columns; only documents have fields.
        (orders(json!({"fields": ["id"]})), "/fields"),
        (
            orders(json!({"format": "ndjson", "fields": ["colour"]})),
            "/fields",
        ),
        (
            orders(json!({"format": "parquet", "compression": "gzip"})),
            "/compression",
        ),
        (
            orders(json!({"kind": "events", "filters": {"type": "order.x"}})),
            "/filters/type",
        ),
    ] {
        let refused = desk.scene.api.post("/v1/exports", &body).await?;
        let refused = refused.expect_problem(422, "invalid_export")?;
        ensure!(
            refused.json["errors"][0]["pointer"] == pointer,
            "{}",
            refused.json
        );
    }
    for body in [
        orders(json!({"kind": "customers"})),
        orders(json!({"filters": {"platform": {"is": "web"}}})),
    ] {
        let refused = desk.scene.api.post("/v1/exports", &body).await?;
        refused.expect_problem(400, "invalid_body")?;
    }
    Ok(())
}

pub async fn without_a_place_for_files_nothing_is_taken(env: &TestEnv) -> Result<()> {
    let scene = crate::process::scene::Scene::start(env, json!({})).await?;
    let body = json!({"kind": "orders", "format": "csv"});
    let refused = scene.api.post("/v1/exports", &body).await?;
    refused.expect_problem(503, "no_object_storage")?;
    Ok(())
}
