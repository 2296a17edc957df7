//! Orders that wait for a cause to be removed: what reads say of them, and
//! what people do about them.

use super::views::{Views, token};
use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{TestEnv, answer, wait_until};
use uuid::Uuid;

super::suite![
    a_parked_order_answers_at_once_and_says_so,
    a_read_that_waits_hears_that_its_order_was_parked,
    parked_orders_are_listed_and_shown,
    a_redrive_is_a_mark,
    the_command_line_does_the_same,
    a_record_is_discarded_and_an_order_is_not,
];

const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0003);
/// Parked since its first event: it has no row.
const ROWLESS: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0004);
const PATIENT: &str = "wait=30";
const HEADER: &str = "orderlog-projection";

/// Parks an order, with a record that waits.
async fn park(views: &Views, id: &str) -> anyhow::Result<()> {
    let park = sqlx::query(
        "WITH parked AS (INSERT INTO parked_orders (projection, id, \"partition\", version, reason) \
             VALUES ('orders', $1, 4, 1, 'it is broken') RETURNING projection, id) \
         INSERT INTO parked_events (projection, build, \"partition\", \"offset\", id, version, key, \
                                    header_names, header_values, value) \
         SELECT projection, 1, 4, (SELECT count(*) FROM parked_events), id, 2, id::bytea, \
                '{ce_type,x}', ARRAY['order.note_added'::bytea, NULL], '\\xff7b7d' FROM parked",
    );
    views.run(park.bind(id)).await
}

async fn a_parked_order_answers_at_once_and_says_so(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    // Also found by its external id, which its id is made of.
    let id = domain::ids::order_id_of_external("web", "W-1");
    views.add_order(id, "W-1", "{\"x\":1}").await?;
    let path = format!("/v1/orders/{id}");
    ensure!(views.api.get(&path).await?.header(HEADER).is_empty());
    park(&views, &id.to_string()).await?;
    park(&views, &ROWLESS.to_string()).await?;
    let began = Instant::now();
    let position = token(id, 1 << 40);
    for path in [
        path.clone(),
        format!("{path}?min_version=9"),
        format!("{path}?min_position={position}"),
        format!("{path}/events?min_version=9"),
        "/v1/orders/by_external_id/web/W-1?min_version=9".to_owned(),
    ] {
        let read = views
            .get_with(&path, "Prefer", PATIENT)
            .await?
            .expect(200)?;
        ensure!(read.header(HEADER) == "parked", "{path}");
    }
    let read = views.api.get(&path).await?.expect(200)?;
    ensure!(read.json["x"] == 1 && read.header("etag") == "\"1-0\"");
    let unchanged = views.get_with(&path, "If-None-Match", "\"1-0\"").await?;
    ensure!(unchanged.expect(304)?.header(HEADER) == "parked");

    let strict = format!("{PATIENT}, handling=strict");
    let later = format!("{path}?min_version=9");
    let refused = views.get_with(&later, "Prefer", &strict).await?;
    let refused = refused.expect_problem(503, "not_yet_visible")?;
    ensure!(refused.header(HEADER) == "parked");
    for path in ["", "/events"] {
        let path = format!("/v1/orders/{ROWLESS}{path}?min_version=1");
        let missing = views.get_with(&path, "Prefer", PATIENT).await?;
        let missing = missing.expect_problem(404, "order_not_found")?;
        ensure!(missing.header(HEADER) == "parked");
    }
    // What it has already is no reason to say no.
    let reached = format!("{path}?min_version=1");
    let reached = views.get_with(&reached, "Prefer", &strict).await?;
    ensure!(reached.expect(200)?.header(HEADER) == "parked");
    ensure!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
    Ok(())
}

async fn a_read_that_waits_hears_that_its_order_was_parked(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views.add_order(ID, "W-1", "{}").await?;
    let path = format!("/v1/orders/{ID}?min_version=2");
    let began = Instant::now();
    let parks = async {
        let url = format!("{}/metrics", views.role.url());
        wait_until("a request to wait", async || {
            let metrics = reqwest::get(&url).await?.text().await?;
            let waits = metrics.lines().any(|l| l == "orderlog_read_waiting 1");
            Ok(waits.then_some(()))
        })
        .await?;
        park(&views, &ID.to_string()).await?;
        views.notify().await
    };
    let (read, parked) = tokio::join!(views.get_with(&path, "Prefer", PATIENT), parks);
    parked?;
    ensure!(read?.expect(200)?.header(HEADER) == "parked");
    ensure!(
        began.elapsed() < Duration::from_secs(25),
        "{:?}",
        began.elapsed()
    );
    Ok(())
}

async fn parked_orders_are_listed_and_shown(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    let empty = views.api.get("/v1/admin/parked").await?.expect(200)?;
    ensure!(empty.json == json!({"data": [], "has_more": false, "next_cursor": null}));
    let mut ids = vec![ID.to_string(), "record-1-4-77".to_owned()];
    ids.extend((0..3).map(|_| infra::clock::new_id().to_string()));
    for id in &ids {
        park(&views, id).await?;
    }
    let (mut seen, mut path) = (Vec::new(), "/v1/admin/parked?limit=2".to_owned());
    loop {
        let page = views.api.get(&path).await?.expect(200)?;
        ensure!(page.header("cache-control") == "no-store");
        let data = page.json["data"].as_array().context("no list")?.clone();
        seen.extend(data.iter().map(|parked| parked["id"].clone()));
        let Some(next) = page.json["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/admin/parked?limit=2&cursor={next}");
    }
    ensure!(seen == ids, "{seen:?}");
    for id in &ids[..2] {
        let path = format!("/v1/admin/parked/{id}");
        let shown = views.api.get(&path).await?.expect(200)?.json;
        ensure!(shown["id"] == **id && shown["waiting"] == 1, "{shown}");
        ensure!(shown["reason"] == "it is broken", "{shown}");
        ensure!(shown["redrive_requested_at"].is_null(), "{shown}");
        let record = &shown["records"][0];
        ensure!(record["value"] == "\u{fffd}{}", "{record}");
        let headers = json!({"ce_type": "order.note_added", "x": null});
        ensure!(record["headers"] == headers, "{record}");
    }
    for path in ["/v1/admin/parked/none", "/v1/admin/parked/%00"] {
        let missing = views.api.get(path).await?;
        missing.expect_problem(404, "not_parked")?;
    }
    for path in ["/v1/admin/parked?sort=id", "/v1/admin/parked/x?y=1"] {
        let unknown = views.api.get(path).await?;
        unknown.expect_problem(400, "unknown_parameter")?;
    }
    let open = reqwest::get(format!("{}/v1/admin/parked", views.role.url())).await?;
    ensure!(open.status() == 401);
    Ok(())
}

async fn a_redrive_is_a_mark(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    for id in [ID, ROWLESS] {
        park(&views, &id.to_string()).await?;
    }
    let post = async |path: &str| answer(views.api.request(Method::POST, path)).await;
    let one = format!("/v1/admin/parked/{ID}/redrive");
    for _ in 0..2 {
        let marked = post(&one).await?.expect(202)?;
        ensure!(marked.json == json!({"marked": 1}), "{}", marked.json);
    }
    ensure!(marks(&views).await? == [(ID.to_string(), 4)]);
    let listed = views.api.get("/v1/admin/parked").await?.expect(200)?;
    ensure!(listed.json["data"][0]["redrive_requested_at"].is_string());
    ensure!(listed.json["data"][1]["redrive_requested_at"].is_null());
    let none = post("/v1/admin/parked/none/redrive").await?;
    none.expect_problem(404, "not_parked")?;
    let all = post("/v1/admin/parked/redrive").await?.expect(202)?;
    ensure!(all.json == json!({"marked": 2}), "{}", all.json);
    ensure!(marks(&views).await?.len() == 2);
    let url = format!("{}{one}", views.role.url());
    ensure!(reqwest::Client::new().post(url).send().await?.status() == 401);
    Ok(())
}

async fn the_command_line_does_the_same(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    let id = ID.to_string();
    ensure!(env.orderlog_ok(&["parked", "list"]).await?.trim() == "0 parked.");
    park(&views, &id).await?;
    let listed = env.orderlog_ok(&["parked", "list"]).await?;
    ensure!(
        listed.contains(&id) && listed.contains("it is broken"),
        "{listed}"
    );
    let listed = env.orderlog_ok(&["parked", "list", "--json"]).await?;
    let listed: Value = serde_json::from_str(&listed)?;
    ensure!(listed["id"] == *id && listed["waiting"] == 1, "{listed}");
    let shown = env.orderlog_ok(&["parked", "show", &id]).await?;
    ensure!(shown.contains("ce_type: order.note_added"), "{shown}");
    let shown = env.orderlog_ok(&["parked", "show", &id, "--json"]).await?;
    let shown: Value = serde_json::from_str(&shown)?;
    ensure!(shown["records"][0]["offset"] == 0, "{shown}");
    for wrong in [
        &["parked", "show", "x"][..],
        &["parked", "redrive", "--order", "x"],
    ] {
        let output = env.orderlog(wrong).await?;
        ensure!(output.status.code() == Some(1), "{output:?}");
        let said = String::from_utf8(output.stderr)?;
        ensure!(said.contains("nothing is parked under x"), "{said}");
    }
    ensure!(env.orderlog(&["parked", "redrive"]).await?.status.code() == Some(2));
    env.orderlog_ok(&["parked", "redrive", "--order", &id])
        .await?;
    ensure!(marks(&views).await? == [(id, 4)]);
    let all = env.orderlog_ok(&["parked", "redrive", "--all"]).await?;
    ensure!(all.starts_with("1 marked"), "{all}");
    Ok(())
}

/// A record that is nobody's is let go, by whom and why is kept; an order stays.
async fn a_record_is_discarded_and_an_order_is_not(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    let records = ["record-1-4-77", "record-1-4-78"];
    park(&views, &ID.to_string()).await?;
    for record in records {
        park(&views, record).await?;
    }
    env.orderlog_ok(&["parked", "redrive", "--all"]).await?;
    let discard = async |id: &str, body: &Value| {
        let path = format!("/v1/admin/parked/{id}/discard");
        answer(views.api.request(Method::POST, &path).json(body)).await
    };
    let why = json!({"reason": "  a test of the warehouse "});
    let done = discard(records[0], &why).await?.expect(200)?.json;
    ensure!(done["id"] == records[0] && done["partition"] == 4, "{done}");
    ensure!(done["parked"] == "it is broken", "{done}");
    ensure!(done["reason"] == "a test of the warehouse", "{done}");
    ensure!(
        done["actor"]
            .as_str()
            .is_some_and(|id| id.starts_with("key_")),
        "{done}"
    );
    discard(records[0], &why)
        .await?
        .expect_problem(404, "not_parked")?;
    discard(&ID.to_string(), &why)
        .await?
        .expect_problem(409, "not_a_record")?;
    for wrong in [
        json!({"reason": " "}),
        json!({"reason": "x".repeat(1_001)}),
        json!({}),
    ] {
        discard(records[1], &wrong)
            .await?
            .expect_problem(400, "invalid_body")?;
    }
    let metrics = reqwest::get(format!("{}/metrics", views.role.url()))
        .await?
        .text()
        .await?;
    let counted = "orderlog_parked_discarded_total{projection=\"orders\"} 1";
    ensure!(metrics.lines().any(|line| line == counted), "{metrics}");

    let order = ID.to_string();
    let refused = env
        .orderlog(&["parked", "discard", &order, "--reason", "x"])
        .await?;
    let said = String::from_utf8(refused.stderr)?;
    ensure!(
        refused.status.code() == Some(1) && said.contains("never discarded"),
        "{said}"
    );
    ensure!(
        env.orderlog(&["parked", "discard", records[1]])
            .await?
            .status
            .code()
            == Some(2)
    );
    env.orderlog_ok(&["parked", "discard", records[1], "--reason", "the same"])
        .await?;
    let told = env.orderlog_ok(&["parked", "discarded"]).await?;
    ensure!(
        told.contains("a test of the warehouse") && told.contains("cli:"),
        "{told}"
    );
    // What waited with them is gone, what was to be driven again too.
    ensure!(marks(&views).await? == [(order.clone(), 4)]);
    let left = "SELECT DISTINCT id FROM parked_events UNION SELECT id FROM parked_orders";
    let left: Vec<String> = sqlx::query_scalar(left).fetch_all(&views.pool).await?;
    ensure!(left == [order], "{left:?}");
    Ok(())
}

/// What is marked, and in which partitions.
async fn marks(views: &Views) -> anyhow::Result<Vec<(String, i32)>> {
    let sql = "SELECT id, \"partition\" FROM redrives ORDER BY id";
    Ok(sqlx::query_as(sql).fetch_all(&views.pool).await?)
}
