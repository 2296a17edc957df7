//! Decided and not stored.

use super::client::{Done, bulk, command_api, on, place, send, stored, text};
use anyhow::ensure;
use serde_json::{Value, json};
use tests::TestEnv;

/// A life of an order, with a refusal in it.
fn lines() -> Vec<Value> {
    let with = |mut line: Value, part: &str, id: &str| {
        line[part] = id.into();
        line
    };
    let capture = |key: &str, amount: i64| {
        let line = on("1", "capture_payment", key, json!({"amount": amount}));
        with(line, "payment", "p1")
    };
    vec![
        place("1"),
        on("1", "authorize_payment", "pay", json!({"amount": 750})),
        capture("too-much", 751),
        capture("take", 750),
        on(
            "1",
            "create_fulfillment",
            "pack",
            json!({"lines": [{"line": "l1", "quantity": 3}]}),
        ),
        with(
            on("1", "ship_fulfillment", "ship", json!({})),
            "fulfillment",
            "f1",
        ),
        on("1", "issue_invoice", "invoice", json!({})),
        on(
            "1",
            "request_return",
            "back",
            json!({"lines": [{"line": "l1", "quantity": 1, "reason": "broken"}]}),
        ),
        with(
            on(
                "1",
                "exchange_return",
                "exchange",
                json!({"lines": [{"sku": "B", "name": "Lamp", "quantity": 1, "unit_price": 0}]}),
            ),
            "return",
            "r1",
        ),
        on("2", "add_note", "note", json!({"text": "nobody"})),
    ]
}

/// What a result says, but for what only a stored order has.
fn decision(result: &Value) -> Value {
    let mut result = result.clone();
    if let Some(members) = result.as_object_mut() {
        members.remove("number");
        members.remove("position");
    }
    if let Some(problem) = result["problem"].as_object_mut() {
        problem.remove("trace_id");
    }
    result
}

pub async fn every_line_is_decided_and_nothing_stored(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let rehearse = async || {
        let answer = send(&api, "?dry_run=true", text(&lines())).await?;
        Done::read(&answer.text().await?)
    };
    let rehearsed = rehearse().await?;
    ensure!(stored(env).await? == (0, 0));
    ensure!(
        rehearsed.counts()? == [10, 8, 0, 2],
        "{:?}",
        rehearsed.results
    );
    ensure!(
        rehearsed
            .trailer
            .as_ref()
            .is_some_and(|t| t["dry_run"] == true)
    );
    for result in &rehearsed.results {
        ensure!(
            result["number"].is_null() && result["position"].is_null(),
            "{result}"
        );
    }
    let done = bulk(&api, &lines()).await?;
    for (rehearsed, done) in rehearsed.results.iter().zip(&done.results) {
        ensure!(decision(rehearsed) == decision(done), "{rehearsed}\n{done}");
    }
    // No number was used up: neither an order's nor an invoice's.
    ensure!(done.results[0]["number"] == "1001", "{}", done.results[0]);
    // What is there by now would be a repeat.
    let before = stored(env).await?;
    ensure!(rehearse().await?.counts()? == [10, 8, 8, 2]);
    ensure!(stored(env).await? == before);
    Ok(())
}
