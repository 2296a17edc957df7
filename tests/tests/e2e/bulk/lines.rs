//! What becomes of lines.

use super::client::{Done, bulk, command_api, on, place, send, stored, text};
use anyhow::ensure;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write as _;
use tests::{TestEnv, answer};

pub async fn a_line_is_the_request_of_its_route(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let line = place("1");
    let placed = api
        .post_once("/v1/orders", "place-1", &line["body"])
        .await?;
    let placed = placed.expect(201)?;
    let done = bulk(&api, std::slice::from_ref(&line)).await?;
    let result = &done.results[0];
    ensure!(
        result["status"] == 201 && result["replayed"] == true,
        "{result}"
    );
    for member in ["order_id", "version", "number", "position"] {
        ensure!(
            result[member] == placed.json[member],
            "{member} of {result}"
        );
    }
    // The other way round, and on an order that exists.
    let note = on("1", "add_note", "note", json!({"text": "call back"}));
    let noted = bulk(&api, std::slice::from_ref(&note)).await?;
    ensure!(noted.results[0]["note_id"] == "n1", "{}", noted.results[0]);
    let path = format!("{}/notes", placed.header("location"));
    let again = api
        .post_once(&path, "note-1", &note["body"])
        .await?
        .expect(200)?;
    ensure!(again.header("idempotent-replayed") == "true");
    let mut other = note;
    other["body"]["text"] = "another".into();
    let refused = bulk(&api, &[other]).await?;
    ensure!(
        refused.results[0]["status"] == 422,
        "{}",
        refused.results[0]
    );
    ensure!(refused.results[0]["problem"]["code"] == "idempotency_key_reused");
    ensure!(stored(env).await? == (2, 1));
    Ok(())
}

pub async fn lines_about_one_order_are_carried_out_in_their_order(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let orders: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    let mut lines = Vec::new();
    // One kind of line after the other: of each order they stand far apart.
    lines.extend(orders.iter().map(|id| place(id)));
    for (op, body) in [
        ("hold_order", json!({"reason": "look", "handle": "desk"})),
        ("authorize_payment", json!({"amount": 750})),
        ("release_order", json!({"hold_id": "desk"})),
        (
            "create_fulfillment",
            json!({"lines": [{"line": "l1", "quantity": 3}]}),
        ),
    ] {
        lines.extend(orders.iter().map(|id| on(id, op, op, body.clone())));
    }
    for (op, part, id, body) in [
        ("capture_payment", "payment", "p1", json!({})),
        (
            "ship_fulfillment",
            "fulfillment",
            "f1",
            json!({"carrier": "post"}),
        ),
    ] {
        lines.extend(orders.iter().map(|order| {
            let mut line = on(order, op, op, body.clone());
            line[part] = id.into();
            line
        }));
    }
    // And all of one order's at once.
    lines.push(place("last"));
    for number in 0..100 {
        let tag = format!("t{number}");
        let mut line = on("last", "tag_order", &tag, json!({}));
        line["tag"] = tag.as_str().into();
        line["if_match"] = (number + 1).into();
        lines.push(line);
    }
    let done = bulk(&api, &lines).await?;
    let wrong = done.results.iter().find(|r| !r["problem"].is_null());
    ensure!(wrong.is_none(), "{wrong:?}");
    let count = lines.len() as u64;
    ensure!(done.counts()? == [count, count, 0, 0]);
    for (result, number) in done.results.iter().zip(1_u64..) {
        ensure!(result["line"] == number, "{result}");
    }
    Ok(())
}

/// Every hundredth line is wrong, each in one of so many ways.
fn wrong(number: usize) -> (String, &'static str) {
    let id = number.to_string();
    match number / 100 % 5 {
        0 => ("{\"op\":".into(), "invalid_json"),
        1 => (json!({"op": "fly", "key": id}).to_string(), "unknown_op"),
        2 => {
            let mut line = place(&id);
            line.as_object_mut().expect("an object").remove("key");
            (line.to_string(), "idempotency_key_required")
        }
        3 => {
            let mut line = place(&id);
            line["body"]["lines"][0]["quantity"] = 0.into();
            (line.to_string(), "quantity_out_of_range")
        }
        _ => {
            let long = "x".repeat(300 * 1024);
            let note = on("1", "add_note", &id, json!({"text": long}));
            (note.to_string(), "body_too_large")
        }
    }
}

pub async fn ten_thousand_lines_with_bad_ones_among_them_are_told_in_order_and_once(
    env: &TestEnv,
) -> anyhow::Result<()> {
    const LINES: usize = 10_000;
    let (_role, api) = command_api(env).await?;
    let is_wrong = |number: usize| number.is_multiple_of(100);
    let line = |number: usize| {
        if is_wrong(number) {
            wrong(number).0
        } else {
            place(&number.to_string()).to_string()
        }
    };
    let body: String = (1..=LINES).map(|number| line(number) + "\n").collect();
    for replayed in [0, 9_900] {
        let done = Done::read(&send(&api, "", body.clone()).await?.text().await?)?;
        ensure!(
            done.counts()? == [10_000, 9_900, replayed, 100],
            "{:?}",
            done.trailer
        );
        for (result, number) in done.results.iter().zip(1..) {
            ensure!(result["line"] == number, "{result}");
            if is_wrong(number) {
                let (_, code) = wrong(number);
                ensure!(result["problem"]["code"] == code, "{result}");
                ensure!(result["status"] == result["problem"]["status"], "{result}");
            } else {
                let key = format!("place-{number}");
                ensure!(result["key"] == key && result["status"] == 201, "{result}");
                ensure!(result["replayed"] == (replayed > 0), "{result}");
            }
        }
        ensure!(stored(env).await? == (9_900, 9_900));
    }
    Ok(())
}

pub async fn what_is_no_bulk_request_is_refused_as_a_whole(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let request = |query: &str| api.request(Method::POST, &format!("/v1/bulk{query}"));
    let lines = || text(&[place("1")]);
    answer(
        request("")
            .header("content-type", "application/json")
            .body(lines()),
    )
    .await?
    .expect_problem(415, "unsupported_media_type")?;
    let ndjson = |query| request(query).header("content-type", "application/x-ndjson");
    answer(ndjson("?colour=red").body(lines()))
        .await?
        .expect_problem(400, "unknown_parameter")?;
    answer(ndjson("?dry_run=maybe").body(lines()))
        .await?
        .expect_problem(400, "invalid_parameter")?;
    let nobody = tests::Api::with_key(api.url(), "ol_none");
    let nobody = nobody.request(Method::POST, "/v1/bulk");
    answer(
        nobody
            .header("content-type", "application/x-ndjson")
            .body(lines()),
    )
    .await?
    .expect_problem(401, "unauthorized")?;
    ensure!(stored(env).await? == (0, 0));
    // Nothing to do is done.
    let none = bulk(&api, &[]).await?;
    ensure!(none.counts()? == [0; 4] && none.results.is_empty());
    Ok(())
}

pub async fn packed_bodies_are_unpacked(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let lines: Vec<Value> = (0..500).map(|n| place(&n.to_string())).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text(&lines).as_bytes())?;
    let gzip = gzip.finish()?;
    let zstd = zstd::encode_all(text(&lines).as_bytes(), 3)?;
    let post = |coding: &'static str, body: Vec<u8>| {
        let request = api.request(Method::POST, "/v1/bulk").body(body);
        let request = request.header("content-type", "application/x-ndjson");
        request.header("content-encoding", coding).send()
    };
    for (coding, body, replayed) in [("gzip", gzip.clone(), 0), ("zstd", zstd, 500)] {
        let done = Done::read(&post(coding, body).await?.text().await?)?;
        ensure!(
            done.counts()? == [500, 500, replayed, 0],
            "{coding}: {:?}",
            done.trailer
        );
    }
    let cut = post("gzip", gzip[..gzip.len() / 2].to_vec()).await?;
    let cut = Done::read(&cut.text().await?)?;
    let trailer = cut.trailer.unwrap_or_default();
    ensure!(trailer["problem"]["code"] == "incomplete_body", "{trailer}");
    ensure!(
        trailer["lines"] == cut.results.len() && cut.results.len() < 500,
        "{trailer}"
    );
    Ok(())
}
