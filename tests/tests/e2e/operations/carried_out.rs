//! What becomes of lines.

use super::scene::{Scene, count};
use crate::bulk::client::{bulk, on, place, stored, text};
use anyhow::{Context as _, Result, ensure};
use infra::postgres::pool;
use serde_json::{Value, json};
use tests::{Api, TestEnv};

/// A line without the key that it need not have.
fn keyless(mut line: Value) -> Value {
    if let Some(members) = line.as_object_mut() {
        members.remove("key");
    }
    line
}

/// What a result says that does not depend on when and where it was made.
fn said(result: &Value) -> Value {
    let mut said = json!({});
    for member in ["op", "key", "status", "version", "note_id"] {
        said[member] = result[member].clone();
    }
    said["code"] = result["problem"]["code"].clone();
    said
}

pub async fn each_line_has_its_result_in_the_order_of_the_lines(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env).await?;
    let mut lines: Vec<Value> = (0..300).map(|n| place(&format!("A{n}"))).collect();
    for n in 0..300 {
        let name = format!("A{n}");
        lines.push(on(&name, "add_note", "note", json!({"text": "one"})));
        lines.push(keyless(on(&name, "add_note", "", json!({"text": "two"}))));
    }
    lines.push(on("nobody", "add_note", "note", json!({"text": "nobody"})));
    lines.push(json!({"op": "fly", "key": "k"}));
    let mut body = text(&lines);
    // Neither a blank line nor what is no JSON shifts the others.
    body.insert_str(0, "\n{\n");
    let location = scene.upload("", body).await?;
    let pending = scene.read(&location).await?.expect(200)?;
    ensure!(pending.json["state"] == "pending", "{}", pending.json);
    ensure!(pending.header("retry-after") == "1");
    let early = scene.read(&format!("{location}/results")).await?;
    early.expect_problem(409, "operation_not_finished")?;
    let tag = pending.header("etag").to_owned();
    let request = scene.api.at(&scene.queries);
    let request = request.request(reqwest::Method::GET, &location);
    let same = request.header("if-none-match", tag).send().await?;
    ensure!(same.status() == 304, "{}", same.status());

    let _worker = scene.worker().await?;
    let ended = scene.until_ended(&location, "succeeded").await?;
    let progress = &ended["progress"];
    ensure!(
        progress["lines"] == 903 && progress["invalid"] == 2 && progress["valid"] == 901,
        "{ended}"
    );
    ensure!(
        progress["succeeded"] == 900 && progress["failed"] == 3 && progress["percent"] == 100.0,
        "{ended}"
    );
    ensure!(ended["phase"] == "finished" && ended["error"].is_null());
    ensure!(ended["results"] == format!("{location}/results"), "{ended}");
    let done = scene.results(&location).await?;
    ensure!(done.counts()? == [903, 900, 0, 3], "{:?}", done.trailer);
    let numbers: Vec<u64> = done
        .results
        .iter()
        .filter_map(|r| r["line"].as_u64())
        .collect();
    let expected: Vec<u64> = (2..905).collect();
    ensure!(numbers == expected, "{numbers:?}");
    // As a bulk request would have told them, but that those are repeats of
    // nothing: the keys are others.
    ensure!(done.results[0]["problem"]["code"] == "invalid_json");
    ensure!(
        said(&done.results[902])
            == json!({"op": "fly", "key": "k", "status": 400,
        "version": null, "note_id": null, "code": "unknown_op"}),
        "{}",
        done.results[902]
    );
    ensure!(done.results[901]["status"] == 404, "{}", done.results[901]);
    let order = place("A7");
    let taken = &bulk(&scene.api, &[order]).await?.results[0];
    ensure!(
        taken["problem"]["order_id"] == done.results[8]["order_id"],
        "{taken}"
    );
    for (n, pair) in done.results[301..901].chunks(2).enumerate() {
        ensure!(
            pair[0]["note_id"] == "n1" && pair[1]["note_id"] == "n2",
            "{n}: {pair:?}"
        );
        ensure!(pair[0]["key"] == format!("note-A{n}") && pair[1]["key"].is_null());
    }
    ensure!(stored(env).await? == (900, 300));
    // What led to each is the operation; names and addresses are gone.
    let events = infra::postgres::pool(&env.config.events_url, 1)?;
    let led: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT metadata->>'causation_id' FROM events")
            .fetch_all(&events)
            .await?;
    ensure!(led == [ended["id"].as_str().context("an id")?], "{led:?}");
    let result = |files: &[String]| files.len() == 1 && files[0].contains("/results/");
    scene.until_stored(result).await?;
    let listed = scene
        .read("/v1/operations?state=succeeded")
        .await?
        .expect(200)?;
    ensure!(listed.json["data"] == json!([ended]), "{}", listed.json);
    Ok(())
}

pub async fn a_dry_run_decides_on_all_earlier_lines_and_stores_nothing(
    env: &TestEnv,
) -> Result<()> {
    /// More than a part, and than a bulk request reads ahead.
    const ORDERS: usize = 2_500;
    let scene = Scene::start(env).await?;
    let _worker = scene.worker().await?;
    let mut lines: Vec<Value> = (0..ORDERS).map(|n| place(&format!("D{n}"))).collect();
    let noted = |n| on(&format!("D{n}"), "add_note", "note", json!({"text": "x"}));
    lines.extend((0..ORDERS).map(noted));
    lines.push(json!({"op": "fly"}));
    let location = scene.upload("?dry_run=true", text(&lines)).await?;
    let ended = scene.until_ended(&location, "succeeded").await?;
    ensure!(
        ended["dry_run"] == true && count(&ended, "succeeded") == 5_000,
        "{ended}"
    );
    let done = scene.results(&location).await?;
    ensure!(done.counts()? == [5_001, 5_000, 0, 1], "{:?}", done.trailer);
    ensure!(done.results.len() == 5_001);
    let numbers = done.results.iter().filter_map(|r| r["line"].as_u64());
    ensure!(numbers.eq(1..=5_001));
    ensure!(
        done.results[2_500]["version"] == 2,
        "{}",
        done.results[2_500]
    );
    ensure!(stored(env).await? == (0, 0));
    Ok(())
}

pub async fn a_file_with_an_invalid_line_is_rejected_where_that_is_asked_for(
    env: &TestEnv,
) -> Result<()> {
    let scene = Scene::start(env).await?;
    let _worker = scene.worker().await?;
    let lines = [
        place("1"),
        json!({"op": "place_order", "body": {}}),
        place("2"),
    ];
    let location = scene.upload("?on_invalid=reject", text(&lines)).await?;
    let ended = scene.until_ended(&location, "failed").await?;
    ensure!(ended["error"]["code"] == "invalid_lines", "{ended}");
    let done = scene.results(&location).await?;
    ensure!(done.counts()? == [3, 0, 0, 3], "{:?}", done.trailer);
    let codes: Vec<&Value> = done.results.iter().map(|r| &r["problem"]["code"]).collect();
    ensure!(
        codes == ["operation_rejected", "invalid_body", "operation_rejected"],
        "{codes:?}"
    );
    ensure!(stored(env).await? == (0, 0));
    // Without an invalid one it is carried out.
    let location = scene
        .upload("?on_invalid=reject", text(&[place("1"), place("2")]))
        .await?;
    scene.until_ended(&location, "succeeded").await?;
    ensure!(stored(env).await? == (2, 2));
    let refused = scene.post("?on_invalid=maybe", "", text(&lines)).await?;
    refused.expect_problem(400, "invalid_parameter")?;
    Ok(())
}

/// A line that is answered 500 whenever it is sent has that for its result.
pub async fn an_order_that_cannot_be_read_keeps_no_other_line_back(env: &TestEnv) -> Result<()> {
    let scene = Scene::start_with(env, |config| config.aggregate_cache_bytes = 0).await?;
    let _worker = scene.worker().await?;
    let placed = scene
        .upload("", text(&[place("bad"), place("good")]))
        .await?;
    scene.until_ended(&placed, "succeeded").await?;
    let placed = scene.results(&placed).await?.results;
    sqlx::query(
        "UPDATE events SET payload = json_build_object('no', payload) WHERE aggregate_id = $1",
    )
    .bind(placed[0]["order_id"].as_str())
    .execute(&pool(&env.config.events_url, 1)?)
    .await?;
    let note = |order: &str, key: &str| on(order, "add_note", key, json!({"text": "x"}));
    let lines = [
        note("bad", "1"),
        note("good", "2"),
        note("bad", "3"),
        note("good", "4"),
    ];
    let noted = scene.upload("", text(&lines)).await?;
    scene.until_ended(&noted, "succeeded").await?;
    let noted = scene.results(&noted).await?.results;
    let statuses: Vec<&Value> = noted.iter().map(|result| &result["status"]).collect();
    ensure!(statuses == [500, 200, 500, 200], "{noted:?}");
    Ok(())
}

pub async fn a_key_is_that_of_who_has_uploaded_it(env: &TestEnv) -> Result<()> {
    let mut scene = Scene::start(env).await?;
    let _worker = scene.worker().await?;
    let run = async |scene: &Scene<'_>, quantity: i64| {
        let mut line = place("1");
        line["key"] = "mine".into();
        line["body"]["lines"][0]["quantity"] = quantity.into();
        let location = scene.upload("", text(&[line])).await?;
        scene.until_ended(&location, "succeeded").await?;
        let done = scene.results(&location).await?;
        anyhow::Ok(done.results[0].clone())
    };
    let first = run(&scene, 1).await?;
    ensure!(
        first["status"] == 201 && first["replayed"] == false,
        "{first}"
    );
    // A file that is sent again does nothing again.
    let again = run(&scene, 1).await?;
    ensure!(
        again["replayed"] == true && again["order_id"] == first["order_id"],
        "{again}"
    );
    let other = run(&scene, 2).await?;
    ensure!(
        other["problem"]["code"] == "idempotency_key_reused",
        "{other}"
    );
    // Of somebody else it is another key.
    scene.api = Api::new(env, &scene.commands).await?;
    let somebody = run(&scene, 2).await?;
    ensure!(
        somebody["problem"]["code"] == "external_id_taken",
        "{somebody}"
    );
    ensure!(stored(env).await? == (1, 1));
    Ok(())
}
