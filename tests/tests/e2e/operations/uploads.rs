//! How lines come in.

use super::scene::Scene;
use crate::bulk::client::{place, stored, text};
use anyhow::{Result, ensure};
use flate2::{Compression, write::GzEncoder};
use infra::postgres::pool;
use reqwest::Method;
use std::io::Write as _;
use tests::{TestEnv, answer, wait_until};
use tokio::io::AsyncWriteExt as _;

/// Operations that there are.
async fn operations(env: &TestEnv) -> Result<i64> {
    let ops = pool(&env.config.ops_url, 1)?;
    let count = sqlx::query_scalar("SELECT count(*) FROM operations");
    Ok(count.fetch_one(&ops).await?)
}

pub async fn a_request_that_is_repeated_makes_one_operation(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env).await?;
    let body = text(&[place("1"), place("2")]);
    let first = scene.post("", "once", body.clone()).await?.expect(202)?;
    ensure!(first.header("idempotent-replayed").is_empty());
    let again = scene.post("", "once", body.clone()).await?.expect(202)?;
    ensure!(again.header("idempotent-replayed") == "true");
    ensure!(again.json["id"] == first.json["id"], "{}", again.json);
    // However it is packed: what counts is what it says.
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(body.as_bytes())?;
    let request = scene.api.request(Method::POST, "/v1/operations");
    let request = request
        .header("content-type", "application/x-ndjson")
        .header("content-encoding", "gzip")
        .header("idempotency-key", "once");
    let packed = answer(request.body(packed.finish()?)).await?.expect(202)?;
    ensure!(packed.json["id"] == first.json["id"], "{}", packed.json);
    for (query, lines) in [("", text(&[place("1")])), ("?dry_run=true", body.clone())] {
        let refused = scene.post(query, "once", lines).await?;
        refused.expect_problem(422, "idempotency_key_reused")?;
    }
    ensure!(operations(env).await? == 1);
    ensure!(scene.stored()?.len() == 1, "{:?}", scene.stored()?);
    let _worker = scene.worker().await?;
    let location = first.header("location").to_owned();
    scene.until_ended(&location, "succeeded").await?;
    ensure!(stored(env).await? == (2, 2));
    // Also when it is done.
    let late = scene.post("", "once", body).await?.expect(202)?;
    ensure!(late.json["state"] == "succeeded", "{}", late.json);
    Ok(())
}

pub async fn an_upload_that_breaks_off_leaves_nothing(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env).await?;
    let mut connection = scene.api.connect("/v1/operations").await?;
    let head = format!(
        "POST /v1/operations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
        scene.api.key()
    );
    connection.write_all(head.as_bytes()).await?;
    // More than is kept in memory: something of it is on the disk.
    let line = place("1").to_string() + "\n";
    let chunk = line.repeat((1 << 20) / line.len());
    let chunk = format!("{:x}\r\n{chunk}\r\n", chunk.len());
    for _ in 0..20 {
        connection.write_all(chunk.as_bytes()).await?;
    }
    wait_until("the upload to be on the disk", async || {
        Ok((!scene.stored()?.is_empty()).then_some(()))
    })
    .await?;
    drop(connection);
    wait_until("nothing to be left", async || {
        Ok(scene.stored()?.is_empty().then_some(()))
    })
    .await?;
    // One that is cut off in its coding is told so.
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(chunk.as_bytes())?;
    let mut packed = packed.finish()?;
    packed.truncate(packed.len() / 2);
    let request = scene.api.request(Method::POST, "/v1/operations");
    let request = request
        .header("content-type", "application/x-ndjson")
        .header("content-encoding", "gzip");
    let cut = answer(request.body(packed)).await?;
    cut.expect_problem(400, "incomplete_body")?;
    ensure!(scene.stored()?.is_empty() && operations(env).await? == 0);
    Ok(())
}

pub async fn an_upload_that_is_too_large_is_refused_and_leaves_nothing(
    env: &TestEnv,
) -> Result<()> {
    let scene = Scene::start_with(env, |config| config.operation_max_bytes = 10_000).await?;
    let fits = text(&[place("1")]);
    scene.post("", "", fits.clone()).await?.expect(202)?;
    let before = scene.stored()?;
    let large = fits.repeat(10_000 / fits.len() + 1);
    let refused = scene.post("", "", large.clone()).await?;
    let refused = refused.expect_problem(413, "body_too_large")?.json;
    ensure!(refused["limit_bytes"] == 10_000, "{refused}");
    // Small as it is sent, and large unpacked.
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(large.as_bytes())?;
    let request = scene.api.request(Method::POST, "/v1/operations");
    let request = request
        .header("content-type", "application/x-ndjson")
        .header("content-encoding", "gzip");
    let refused = answer(request.body(packed.finish()?)).await?;
    refused.expect_problem(413, "body_too_large")?;
    ensure!(scene.stored()? == before && operations(env).await? == 1);
    let json = scene.api.post("/v1/operations", &place("1")).await?;
    json.expect_problem(415, "unsupported_media_type")?;
    Ok(())
}

pub async fn without_a_place_for_uploads_none_is_taken(env: &TestEnv) -> Result<()> {
    let scene = Scene::start_with(env, |config| config.objects_url.clear()).await?;
    let refused = scene.post("", "", text(&[place("1")])).await?;
    refused.expect_problem(503, "no_object_storage")?;
    Ok(())
}
