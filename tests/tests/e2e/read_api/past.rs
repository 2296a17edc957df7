//! `?version=`, `?as_of=` and `…/diff`: orders as they were.

use crate::whole_path::System;
use anyhow::{Context as _, ensure};
use infra::{clock, postgres::pool};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Answer, Api, TestEnv, answer, wait_until_within};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

super::suite![
    every_version_is_what_get_said_at_that_time,
    a_time_is_the_last_version_recorded_by_then,
    a_difference_names_every_part_with_both_values,
    a_long_order_is_folded_page_by_page,
    what_was_erased_is_erased_in_the_past_too,
    a_moment_that_is_none_is_refused,
];

fn order(external_id: &str) -> Value {
    json!({
        "platform": "web", "external_id": external_id, "currency": "GBP",
        "customer": {"id": external_id, "name": "Ada Lovelace", "email": "ada@example.com"},
        "lines": [
            {"sku": "A", "name": "Lamp", "quantity": 3, "unit_price": 1_250, "tax": 7},
            {"sku": "B", "name": "Desk", "quantity": 1, "unit_price": 12_500, "discount": 500},
        ],
        "shipping": {"method": "std", "name": "Standard", "amount": 399, "tax": 80},
        "shipping_address": {"line1": "12 St James's Square", "country": "GB"},
    })
}

/// What is done to an order: one command after another.
fn life() -> Vec<(&'static str, Value)> {
    vec![
        ("confirm", json!({})),
        ("payments", json!({"amount": 20_000, "provider": "bank"})),
        ("payments/p1/capture", json!({"amount": 4_000})),
        (
            "lines",
            json!({"sku": "C", "name": "Chair", "quantity": 2, "unit_price": 300}),
        ),
        ("notes", json!({"text": "ring twice"})),
        (
            "fulfillments",
            json!({"lines": [{"line": "l1", "quantity": 2}]}),
        ),
        (
            "fulfillments/f1/ship",
            json!({"carrier": "post", "tracking_number": "T1"}),
        ),
        ("payments/p1/capture", json!({"amount": 1_000})),
        ("hold", json!({"reason": "look at it"})),
    ]
}

/// An order with that life behind it: its path, and what each version was as its
/// command answered it.
async fn lived(commands: &Api, external_id: &str) -> anyhow::Result<(String, Vec<Value>)> {
    let placed = commands.post("/v1/orders", &order(external_id)).await?;
    let placed = placed.expect(201)?;
    let path = placed.header("location").to_owned();
    let mut versions = vec![placed.json];
    for (action, body) in life() {
        let done = commands.post(&format!("{path}/{action}"), &body).await?;
        let done = done.expect(200).with_context(|| action.to_owned())?;
        versions.push(done.json);
    }
    Ok((path, versions))
}

async fn start(env: &TestEnv) -> anyhow::Result<(Api, Api, [tests::Role; 2])> {
    env.orderlog_ok(&["migrate"]).await?;
    let mut roles = [
        env.role("command-api").spawn()?,
        env.role("read-api").spawn()?,
    ];
    for role in &mut roles {
        role.ready().await?;
    }
    let commands = Api::new(env, &roles[0]).await?;
    Ok((commands.clone(), commands.at(&roles[1]), roles))
}

async fn text(api: &Api, path: &str) -> anyhow::Result<String> {
    let response = api.request(Method::GET, path);
    let response = response.header("Prefer", "wait=20, handling=strict").send();
    Ok(response.await?.error_for_status()?.text().await?)
}

async fn every_version_is_what_get_said_at_that_time(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let placed = system.commands.post("/v1/orders", &order("W-1")).await?;
    let placed = placed.expect(201)?;
    let path = placed.header("location").to_owned();
    let mut said = Vec::new();
    for step in [None].into_iter().chain(life().into_iter().map(Some)) {
        if let Some((action, body)) = step {
            let action = format!("{path}/{action}");
            system.commands.post(&action, &body).await?.expect(200)?;
        }
        let version = said.len() + 1;
        let get = format!("{path}?min_version={version}");
        said.push(text(&system.queries, &get).await?);
    }
    for (version, said) in (1..).zip(&said) {
        let then = format!("{path}?version={version}");
        ensure!(text(&system.queries, &then).await? == *said, "{version}");
        let then = format!("/v1/orders/by_external_id/web/W-1?version={version}");
        ensure!(text(&system.queries, &then).await? == *said, "{version}");
    }
    let cut = format!("{path}?version=2&fields=id,status");
    let cut = system.queries.get(&cut).await?.expect(200)?;
    let members: Vec<_> = cut.json.as_object().into_iter().flatten().collect();
    ensure!(members.len() == 2, "{}", cut.json);
    Ok(())
}

fn moment(document: &Value, name: &str) -> anyhow::Result<OffsetDateTime> {
    let time = document[name].as_str().context("no time")?;
    Ok(OffsetDateTime::parse(time, &Rfc3339)?)
}

async fn as_of(queries: &Api, path: &str, time: OffsetDateTime) -> anyhow::Result<Answer> {
    let time = time.format(&Rfc3339)?;
    queries.get(&format!("{path}?as_of={time}")).await
}

async fn a_time_is_the_last_version_recorded_by_then(env: &TestEnv) -> anyhow::Result<()> {
    let (commands, queries, _roles) = start(env).await?;
    let (path, versions) = lived(&commands, "W-1").await?;
    let instant = Duration::from_micros(1);
    for (index, document) in versions.iter().enumerate() {
        let recorded = moment(document, "updated_at")?;
        let then = as_of(&queries, &path, recorded).await?.expect(200)?;
        ensure!(then.json["version"] == document["version"], "{}", then.json);
        let before = as_of(&queries, &path, recorded - instant).await?;
        if index == 0 {
            before.expect_problem(404, "order_not_recorded_yet")?;
        } else {
            let version = &versions[index - 1]["version"];
            ensure!(before.expect(200)?.json["version"] == *version);
        }
    }
    let future = clock::now() + Duration::from_hours(1);
    let now = as_of(&queries, &path, future).await?.expect(200)?;
    ensure!(now.json["version"] == versions.len());

    // A tag is one of the content, and its version is the version.
    let second = format!("{path}?version=2");
    let told = queries.get(&second).await?.expect(200)?;
    let etag = told.header("etag").to_owned();
    ensure!(etag.starts_with("\"2-") && told.header("cache-control") == "private, no-cache");
    let again = queries.request(Method::GET, &second);
    answer(again.header("If-None-Match", &etag))
        .await?
        .expect(304)?;
    let stale = commands.request(Method::POST, &format!("{path}/archive"));
    let stale = answer(stale.header("If-Match", &etag).json(&json!({}))).await?;
    stale.expect_problem(412, "precondition_failed")?;
    Ok(())
}

async fn a_difference_names_every_part_with_both_values(env: &TestEnv) -> anyhow::Result<()> {
    let (commands, queries, _roles) = start(env).await?;
    let (path, versions) = lived(&commands, "W-1").await?;
    let last = versions.len();
    for (from, to) in [(1, 2), (1, last), (4, 7), (last - 1, last), (3, 3)] {
        let diff = format!("{path}/diff?from={from}&to={to}");
        let diff = queries.get(&diff).await?.expect(200)?.json;
        ensure!(diff["from"] == from && diff["to"] == to, "{diff}");
        let changes = diff["changes"].as_array().context("no changes")?;
        ensure!(changes.is_empty() == (from == to), "{diff}");
        let (before, after) = (&versions[from - 1], &versions[to - 1]);
        for change in changes {
            let path = change["path"].as_str().unwrap_or_default();
            let [was, is] = [before, after].map(|document| document.pointer(path));
            match change["op"].as_str() {
                Some("replace") => {
                    ensure!(
                        was == change.get("before") && is == change.get("after"),
                        "{change}"
                    );
                }
                Some("add") => ensure!(is == change.get("after"), "{change}"),
                _ => ensure!(was == change.get("before"), "{change}"),
            }
        }
        let told = |path: &str| changes.iter().any(|change| change["path"] == path);
        for axis in [
            "/version",
            "/payment_status",
            "/totals/total",
            "/fulfillment_status",
        ] {
            ensure!(
                told(axis) == (before.pointer(axis) != after.pointer(axis)),
                "{axis}: {diff}"
            );
        }
    }
    let added = queries
        .get(&format!("{path}/diff?to=5"))
        .await?
        .expect(200)?;
    ensure!(
        added.json["from"] == 4,
        "the version before, if none is named"
    );
    let chair = json!({"op": "add", "path": "/lines/2"});
    let changes = added.json["changes"].as_array().context("no changes")?;
    let found = changes
        .iter()
        .find(|change| change["path"] == chair["path"]);
    let found = found.with_context(|| added.json.to_string())?;
    ensure!(found["op"] == "add" && found["after"]["sku"] == "C" && found.get("before").is_none());
    let etag = added.header("etag").to_owned();
    let again = queries.request(Method::GET, &format!("{path}/diff?to=5"));
    answer(again.header("If-None-Match", etag))
        .await?
        .expect(304)?;
    Ok(())
}

/// More events than a page of the fold holds.
async fn a_long_order_is_folded_page_by_page(env: &TestEnv) -> anyhow::Result<()> {
    let (commands, queries, _roles) = start(env).await?;
    let placed = commands
        .post("/v1/orders", &order("W-1"))
        .await?
        .expect(201)?;
    let path = placed.header("location").to_owned();
    let mut last = placed;
    for number in 2..=520 {
        let note = json!({"text": format!("note {number}")});
        last = commands
            .post(&format!("{path}/notes"), &note)
            .await?
            .expect(200)?;
    }
    let whole = queries
        .get(&format!("{path}?version=520"))
        .await?
        .expect(200)?;
    for member in ["notes", "totals", "version", "updated_at"] {
        ensure!(whole.json[member] == last.json[member], "{member}");
    }
    let half = queries
        .get(&format!("{path}?version=501"))
        .await?
        .expect(200)?;
    ensure!(
        half.json["notes"]
            .as_array()
            .is_some_and(|notes| notes.len() == 500)
    );
    Ok(())
}

async fn what_was_erased_is_erased_in_the_past_too(env: &TestEnv) -> anyhow::Result<()> {
    let (commands, queries, _roles) = start(env).await?;
    let (path, _) = lived(&commands, "W-1").await?;
    let first = queries
        .get(&format!("{path}?version=1"))
        .await?
        .expect(200)?;
    ensure!(first.json["customer"]["name"] == "Ada Lovelace");
    let ops = pool(&env.config.ops_url, 1)?;
    sqlx::query("DELETE FROM subject_keys")
        .execute(&ops)
        .await?;
    // Five seconds, and a busy machine.
    wait_until_within(
        Duration::from_secs(10),
        "the name to be forgotten",
        async || {
            let again = queries
                .get(&format!("{path}?version=1"))
                .await?
                .expect(200)?;
            let erased = again.json["customer"]["name"] == "[erased]";
            ensure!(!erased || again.header("etag") != first.header("etag"));
            Ok(erased.then_some(()))
        },
    )
    .await
}

async fn a_moment_that_is_none_is_refused(env: &TestEnv) -> anyhow::Result<()> {
    let (commands, queries, _roles) = start(env).await?;
    let placed = commands
        .post("/v1/orders", &order("W-1"))
        .await?
        .expect(201)?;
    let path = placed.header("location").to_owned();
    let nobody = format!("/v1/orders/{}", Uuid::from_u128(7));
    for (path, status, code) in [
        (format!("{path}?version=0"), 400, "invalid_parameter"),
        (format!("{path}?version=-1"), 400, "invalid_parameter"),
        (format!("{path}?version=first"), 400, "invalid_parameter"),
        (format!("{path}?version="), 400, "invalid_parameter"),
        (
            format!("{path}?version=1&version=2"),
            400,
            "invalid_parameter",
        ),
        (
            format!("{path}?version=99999999999999999999"),
            400,
            "invalid_parameter",
        ),
        (format!("{path}?as_of=yesterday"), 400, "invalid_parameter"),
        (
            format!("{path}?version=1&as_of=2026-01-01"),
            400,
            "invalid_parameter",
        ),
        (
            format!("{path}?version=1&min_version=1"),
            400,
            "invalid_parameter",
        ),
        (
            format!("{path}?version=1&expand=events"),
            400,
            "invalid_parameter",
        ),
        (
            format!("{path}?version=1&fields=secrets"),
            400,
            "invalid_parameter",
        ),
        (format!("{path}?version=2"), 404, "version_not_found"),
        (
            format!("{path}?as_of=2001-01-01"),
            404,
            "order_not_recorded_yet",
        ),
        (format!("{nobody}?version=1"), 404, "order_not_found"),
        (format!("{nobody}?as_of=2026-01-01"), 404, "order_not_found"),
        ("/v1/orders/17?version=1".to_owned(), 404, "order_not_found"),
        (format!("{path}/diff?from=0"), 400, "invalid_parameter"),
        (format!("{path}/diff?from=2&to=1"), 400, "invalid_parameter"),
        (format!("{path}/diff?from=1&to=2"), 404, "version_not_found"),
        (format!("{path}/diff?version=1"), 400, "unknown_parameter"),
        (format!("{nobody}/diff"), 404, "order_not_found"),
    ] {
        let refused = queries.get(&path).await?;
        let refused = refused.expect_problem(status, code).context(path)?;
        if code == "version_not_found" {
            ensure!(refused.json["newest"] == 1, "{}", refused.json);
            ensure!(refused.json["detail"] == "its newest version is 1");
        }
    }
    Ok(())
}
