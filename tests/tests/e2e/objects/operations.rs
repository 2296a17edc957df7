//! Lines and results of operations.

use super::{PREFIX, told};
use crate::{
    bulk::client::{place, stored, text},
    operations::scene::Scene,
};
use anyhow::{Result, ensure};
use s3_server::Server;
use serde_json::Value;
use tests::TestEnv;

/// More than the worker carries out at a time, so that there are two parts of results.
const LINES: usize = 2_500;
/// A blank line of 100 kB, and so many that the upload is more than a part.
const BLANK: usize = 100_000;
const BLANKS: usize = 100;

pub async fn an_upload_goes_through_the_store_and_so_do_its_results(env: &TestEnv) -> Result<()> {
    let store = Server::start().await?;
    let scene = Scene::start_with(env, told(&store)).await?;
    let lines: Vec<Value> = (0..LINES).map(|n| place(&n.to_string())).collect();
    let blank = " ".repeat(BLANK) + "\n";
    let body = text(&lines) + &blank.repeat(BLANKS);
    let size = body.len();
    let location = scene.upload("", body).await?;
    let id = location.rsplit('/').next().unwrap_or_default();
    let input = format!("{PREFIX}/operations/{id}/input");
    ensure!(store.objects()? == [input], "{:?}", store.objects()?);
    ensure!(store.open_uploads()? == 0 && size > 10_000_000);
    let _worker = scene.worker().await?;
    scene.until_ended(&location, "succeeded").await?;
    let orders = i64::try_from(LINES)?;
    ensure!(stored(env).await? == (orders, orders));
    let done = scene.results(&location).await?;
    let count = LINES as u64;
    ensure!(done.counts()? == [count, count, 0, 0], "{:?}", done.trailer);
    let numbers = done.results.iter().filter_map(|r| r["line"].as_u64());
    ensure!(numbers.eq(1..=count));
    // The lines, which hold names and addresses, are gone.
    let left = store.objects()?;
    let results = format!("{PREFIX}/operations/{id}/results/");
    ensure!(
        left.len() == 2 && left.iter().all(|name| name.starts_with(&results)),
        "{left:?}"
    );
    // Results are not half told.
    store.go_away();
    let away = scene.read(&format!("{location}/results")).await?;
    let away = away.expect_problem(503, "unavailable")?;
    ensure!(away.header("retry-after") == "5");
    let refused = scene.post("", "", text(&lines)).await?;
    refused.expect_problem(503, "unavailable")?;
    store.come_back();
    let again = scene.results(&location).await?;
    ensure!(again.counts()? == done.counts()?);
    Ok(())
}
