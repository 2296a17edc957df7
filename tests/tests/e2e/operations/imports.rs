//! Files of orders, in formats of their own.

use super::scene::{Scene, count};
use crate::bulk::client::stored;
use anyhow::{Result, ensure};
use flate2::{Compression, write::GzEncoder};
use infra::platforms::UnknownPlatform;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, io::Write as _};
use tests::{Answer, TestEnv, answer, root};

/// What is in the file of a shop, and how its columns are to be read.
fn shop() -> Result<(Vec<u8>, String)> {
    let folder = root().join("tests/data/import");
    let file = fs::read(folder.join("lampen.csv"))?;
    Ok((file, fs::read_to_string(folder.join("lampen.toml"))?))
}

async fn start(env: &TestEnv) -> Result<Scene<'_>> {
    Scene::start_with(env, |config| {
        config.unknown_platform = UnknownPlatform::Create;
    })
    .await
}

async fn upload(scene: &Scene<'_>, query: &[(&str, &str)], file: Vec<u8>) -> Result<Answer> {
    let url = Url::parse_with_params("http://any/v1/operations/import", query)?;
    let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    answer(scene.api.request(Method::POST, &path).body(file)).await
}

/// What became of each part of the file, by the lines that it stands on.
fn by_lines(results: &[Value]) -> BTreeMap<String, Vec<(Value, Value)>> {
    let mut told: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for result in results {
        let said = (
            result["status"].clone(),
            result["problem"]["reason"].clone(),
        );
        let lines = result["source"]["lines"].to_string();
        told.entry(lines).or_default().push(said);
    }
    told
}

pub async fn a_file_is_imported_and_each_part_of_it_has_its_result(env: &TestEnv) -> Result<()> {
    let scene = start(env).await?;
    let _worker = scene.worker().await?;
    let (file, mapping) = shop()?;
    let csv = [("format", "csv"), ("mapping", mapping.as_str())];
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&file)?;

    let dry = [&csv[..], &[("dry_run", "true")]].concat();
    let taken = upload(&scene, &dry, file.clone()).await?.expect(202)?;
    ensure!(taken.json["kind"] == "import", "{}", taken.json);
    let ended = scene
        .until_ended(taken.header("location"), "succeeded")
        .await?;
    ensure!(count(&ended, "succeeded") == 4, "{ended}");
    ensure!(stored(env).await? == (0, 0));

    let taken = upload(&scene, &csv, packed.finish()?).await?.expect(202)?;
    let location = taken.header("location").to_owned();
    let ended = scene.until_ended(&location, "succeeded").await?;
    let terms = json!({
        "format": "csv", "mapping": mapping, "platform": null, "prices_include_tax": false
    });
    ensure!(ended["import"] == terms, "{ended}");
    let progress = &ended["progress"];
    ensure!(
        progress["lines"] == 16 && progress["invalid"] == 12,
        "{ended}"
    );
    let done = scene.results(&location).await?;
    ensure!(done.counts()? == [16, 4, 0, 12], "{:?}", done.trailer);
    let told = by_lines(&done.results);
    let refused = |code: &str| (Value::from(422), Value::from(code));
    for (lines, expected) in [
        ("[2,3]", (Value::from(201), Value::Null)),
        ("[8]", refused("invalid_quantity")),
        ("[9]", refused("incomplete_invoice")),
        ("[14,15]", refused("inconsistent_order")),
    ] {
        ensure!(
            told.get(lines) == Some(&vec![expected]),
            "{lines}: {told:?}"
        );
    }
    let first = done.results.iter().find(|result| result["status"] == 201);
    ensure!(first.is_some_and(|result| result["source"]["invoice"] == "10001"));
    // What the file says of people is gone, and what stands in a wrong place may be
    // said of somebody.
    for cell in ["Atlantis", "zwei"] {
        ensure!(
            done.results
                .iter()
                .all(|result| !result.to_string().contains(cell)),
            "{:?}",
            done.results
        );
    }
    let results = |files: &[String]| files.iter().all(|file| file.contains("/results/"));
    scene.until_stored(results).await?;

    // Sent again it changes nothing.
    let taken = upload(&scene, &csv, file).await?.expect(202)?;
    let again = scene
        .until_ended(taken.header("location"), "succeeded")
        .await?;
    ensure!(again["progress"]["replayed"] == 4, "{again}");
    Ok(())
}

pub async fn a_file_that_is_none_of_the_format_is_told_to_be_such(env: &TestEnv) -> Result<()> {
    let scene = start(env).await?;
    let _worker = scene.worker().await?;
    let (file, _) = shop()?;
    let other = [("format", "online-retail")];
    let taken = upload(&scene, &other, file.clone()).await?.expect(202)?;
    let ended = scene
        .until_ended(taken.header("location"), "failed")
        .await?;
    ensure!(ended["error"]["code"] == "invalid_file", "{ended}");
    let detail = ended["error"]["detail"].as_str().unwrap_or_default();
    ensure!(
        detail.contains("its first line must be InvoiceNo"),
        "{detail}"
    );
    let unmapped = [("format", "csv"), ("mapping", "platform = \"web\"")];
    let taken = upload(&scene, &unmapped, file.clone()).await?.expect(202)?;
    let ended = scene
        .until_ended(taken.header("location"), "failed")
        .await?;
    ensure!(ended["error"]["code"] == "invalid_file", "{ended}");
    let without = upload(&scene, &[("format", "csv")], file).await?;
    without.expect_problem(400, "invalid_parameter")?;
    scene.until_stored(<[String]>::is_empty).await?;
    Ok(())
}
