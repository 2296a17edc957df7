//! Nothing is left of somebody, and nobody else is touched.

use super::town::{MARL, QUILL, Town, id_of, shows_quill};
use crate::{
    operations::scene::count, projections::state::topic, sealing::scene::Scene as Databases,
};
use anyhow::{Context as _, Result, ensure};
use contracts::ids::subject_of_customer;
use infra::{
    api_keys::{self, Rights, Scopes},
    postgres,
};
use serde_json::{Value, json};
use tests::{Api, TestEnv, answer, wait_until};
use uuid::Uuid;

async fn figures(town: &Town<'_>) -> Result<Value> {
    let path = "/v1/statistics/orders?from=2020-01-01&to=2100-01-01&group_by=platform,currency";
    Ok(town.see(path).await?.expect(200)?.json["data"].clone())
}

/// Orders that are the customer's, were the customer's, or were linked: in answers,
/// histories, lists, searches, on `orders.state.v1`, in files; figures stay, and each
/// order says who asked. The neighbour, and what is ordered afterwards, is readable.
pub async fn a_customer_is_forgotten_in_every_copy_and_nobody_else_is(env: &TestEnv) -> Result<()> {
    let town = Town::open(env).await?;
    let own = town.order(&QUILL, Some("c-1")).await?;
    let linked = town.order(&QUILL, None).await?;
    let link = json!({"customer_id": "c-1"});
    town.on(&linked, "customer_link", link).await?;
    let given_away = town.order(&QUILL, Some("c-1")).await?;
    let path = format!("{given_away}/customer");
    let to_marl = json!({"id": "c-2", "name": MARL.name, "email": MARL.email});
    let request = town.scene.api.request(reqwest::Method::PUT, &path);
    answer(request.json(&to_marl)).await?.expect(200)?;
    let neighbour = town.order(&MARL, Some("c-2")).await?;
    let marked = town
        .on(&neighbour, "notes", json!({"text": MARL.note}))
        .await?;
    let before = town
        .read("/v1/orders?q=quillfeather", &marked["position"])
        .await?;
    // The third one has her address.
    ensure!(
        before["data"].as_array().map(Vec::len) == Some(3),
        "{before}"
    );
    let figures_before = figures(&town).await?;
    let export = exported(&town).await?;

    let body = json!({"platform": "web", "customer_id": "c-1", "reference": "case 12"});
    let ended = town.done("erase", &body).await?;
    ensure!(
        ended["kind"] == "erasure" && count(&ended, "succeeded") == 3,
        "{ended}"
    );
    for path in [&own, &linked, &given_away] {
        is_erased(&town, path, &ended).await?;
    }
    let order = town.see(&own).await?.expect(200)?.json;
    let nobody = json!({"id": "c-1", "name": "[erased]", "email": "[erased]"});
    ensure!(order["customer"] == nobody, "{order}");
    let theirs = town.see(&given_away).await?.expect(200)?.json;
    ensure!(theirs["customer"]["name"] == MARL.name, "{theirs}");
    let found = town.see("/v1/orders?q=quillfeather").await?.expect(200)?;
    ensure!(found.json["data"] == json!([]), "{}", found.json);
    let path = format!("/v1/customers/{}", subject_of_customer("web", "c-1"));
    let customer = town.see(&path).await?.expect(200)?.json;
    ensure!(
        customer["name"].is_null() && customer["orders"] == 2,
        "{customer}"
    );
    ensure!(figures(&town).await? == figures_before);
    streamed_anew(&town).await?;
    let neighbours = town.see(&neighbour).await?.expect(200)?.json;
    ensure!(neighbours["customer"]["name"] == MARL.name, "{neighbours}");
    ensure!(
        neighbours["personal_data_erased_at"].is_null(),
        "{neighbours}"
    );
    copies_are_gone(env, &town, &own, &export).await?;

    // What is ordered afterwards is a new customer's, as far as anybody can tell.
    let later = town.order(&QUILL, Some("c-1")).await?;
    let noted = town.on(&later, "notes", json!({"text": "new"})).await?;
    let read = town.read(&later, &noted["position"]).await?;
    ensure!(read["customer"]["name"] == QUILL.name, "{read}");
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    env.orderlog_ok(&["rebuild", "orders"]).await?;
    let again = town.see(&own).await?.expect(200)?.json;
    ensure!(shows_quill(&again.to_string()).is_none(), "{again}");
    Ok(())
}

/// A file of all orders; where the export is.
async fn exported(town: &Town<'_>) -> Result<String> {
    let export = town
        .export(&json!({"kind": "orders", "format": "ndjson"}))
        .await?;
    let files = town.scene.stored()?;
    ensure!(
        files.iter().any(|file| file.contains("/exports/")),
        "{files:?}"
    );
    Ok(export)
}

/// An order has nothing of the person, now, before, and in its history, which says who
/// asked for it.
async fn is_erased(town: &Town<'_>, path: &str, erasure: &Value) -> Result<()> {
    let order = town.see(path).await?.expect(200)?.json;
    ensure!(shows_quill(&order.to_string()).is_none(), "{order}");
    ensure!(!order["personal_data_erased_at"].is_null(), "{order}");
    ensure!(order["totals"]["total"] == 750, "{order}");
    let history = town.see(&format!("{path}/events")).await?.expect(200)?.json;
    ensure!(shows_quill(&history.to_string()).is_none(), "{history}");
    let events = history["data"].as_array().context("no events")?;
    let mut erased = events
        .iter()
        .filter(|event| event["type"] == "order.personal_data_erased");
    let erased = &erased.next().context("nobody says who asked")?["data"];
    ensure!(erased["reference"] == "case 12", "{erased}");
    ensure!(erased["erasure_id"] == erasure["id"], "{erased}");
    let asked = erased["requested_by"].as_str().unwrap_or_default();
    ensure!(asked.starts_with("key_"), "{erased}");
    let past = town
        .see(&format!("{path}?version=1"))
        .await?
        .expect(200)?
        .json;
    ensure!(shows_quill(&past.to_string()).is_none(), "{past}");
    Ok(())
}

/// What is exported from now on reads as what is left.
async fn streamed_anew(town: &Town<'_>) -> Result<()> {
    for path in ["/v1/orders.ndjson", "/v1/orders.csv"] {
        let request = town.views().request(reqwest::Method::GET, path);
        let streamed = request.send().await?.error_for_status()?.text().await?;
        ensure!(shows_quill(&streamed).is_none(), "{path}: {streamed}");
        ensure!(streamed.contains("[erased]"), "{path}: {streamed}");
    }
    Ok(())
}

/// Rows, the published document of one order, and the file of an export.
async fn copies_are_gone(env: &TestEnv, town: &Town<'_>, order: &str, export: &str) -> Result<()> {
    let databases = Databases::new(&env.config).await?;
    let views = databases.all_views().await?;
    let shown = shows_quill(&views);
    ensure!(shown.is_none(), "{shown:?} is in the views");
    let id = id_of(order)?;
    let published = wait_until("the document to be published", async || {
        let mut published = topic::read(&env.config).await?;
        published.retain(|record| record.id == id);
        let last = published.pop().and_then(|record| record.document);
        Ok(last.filter(|document| document.contains("[erased]")))
    })
    .await?;
    ensure!(shows_quill(&published).is_none(), "{published}");
    let files = town.scene.stored()?;
    ensure!(
        !files.iter().any(|file| file.contains("/exports/")),
        "{files:?}"
    );
    let export = town.see(export).await?.expect(200)?.json;
    ensure!(export["state"] == "expired", "{export}");
    Ok(())
}

/// In any case, on the channel that is named; not the customers who have given it.
pub async fn a_guest_is_forgotten_by_their_email(env: &TestEnv) -> Result<()> {
    let town = Town::open(env).await?;
    let guests = town.order(&QUILL, None).await?;
    let customers = town.order(&QUILL, Some("c-1")).await?;
    town.order(&MARL, None).await?;
    let body = json!({"platform": "web", "email": "QUILLFEATHER@example.net "});
    let ended = town.done("erase", &body).await?;
    ensure!(count(&ended, "succeeded") == 1, "{ended}");
    ensure!(ended["about"] == json!({"platform": "web"}), "{ended}");
    let order = town.see(&guests).await?.expect(200)?.json;
    ensure!(shows_quill(&order.to_string()).is_none(), "{order}");
    let theirs = town.see(&customers).await?.expect(200)?.json;
    ensure!(theirs["customer"]["name"] == QUILL.name, "{theirs}");
    let ops = postgres::pool(&env.config.ops_url, 1)?;
    let kept: Vec<String> = sqlx::query_scalar("SELECT o::text FROM operations o")
        .fetch_all(&ops)
        .await?;
    ensure!(
        !kept.concat().to_lowercase().contains("quillfeather"),
        "{kept:?}"
    );
    Ok(())
}

/// The order of an exchange has a copy of the address.
pub async fn an_order_is_forgotten_with_those_that_replace_goods_of_it(
    env: &TestEnv,
) -> Result<()> {
    let town = Town::open(env).await?;
    let order = town.order(&QUILL, None).await?;
    town.on(
        &order,
        "payments",
        json!({"amount": 750, "provider": "p", "reference": "r"}),
    )
    .await?;
    town.on(&order, "payments/p1/capture", json!({"amount": 750}))
        .await?;
    town.on(
        &order,
        "fulfillments",
        json!({"lines": [{"line": "l1", "quantity": 3}]}),
    )
    .await?;
    town.on(
        &order,
        "fulfillments/f1/ship",
        json!({"carrier": "c", "tracking_number": "t"}),
    )
    .await?;
    let lines = json!({"lines": [{"line": "l1", "quantity": 1, "reason": "broken"}]});
    town.on(&order, "returns", lines).await?;
    town.on(&order, "returns/r1/approve", json!({})).await?;
    let swap = json!({"lines": [{"sku": "B", "name": "Lamp", "quantity": 1, "unit_price": 250}]});
    let path = format!("{order}/returns/r1/exchange");
    let swapped = town.scene.api.post(&path, &swap).await?.expect(201)?.json;
    let replaced = swapped["order_id"]
        .as_str()
        .with_context(|| format!("no order: {swapped}"))?;
    let replaced = format!("/v1/orders/{replaced}");
    let id = id_of(&order)?;
    let ended = town.done("erase", &json!({"order_id": id})).await?;
    ensure!(count(&ended, "succeeded") == 2, "{ended}");
    for path in [&order, &replaced] {
        let order = town.see(path).await?.expect(200)?.json;
        ensure!(shows_quill(&order.to_string()).is_none(), "{order}");
    }
    Ok(())
}

pub async fn who_may_not_erase_is_refused_and_nothing_is_gone(env: &TestEnv) -> Result<()> {
    let town = Town::open(env).await?;
    let order = town.order(&QUILL, Some("c-1")).await?;
    let ops = postgres::pool(&env.config.ops_url, 1)?;
    let rights = Rights {
        scopes: Scopes::new(Some(vec!["orders:write".into()])),
        ..Rights::default()
    };
    let other = api_keys::create_for(&ops, "shop", &rights).await?;
    let other = Api::with_key(town.scene.api.url(), &other.secret);
    let body = json!({"platform": "web", "customer_id": "c-1"});
    let refused = other.post("/v1/customers/erase", &body).await?;
    refused.expect_problem(403, "scope_missing")?;
    let erased = json!({"erasure_id": Uuid::nil(), "requested_by": "me"});
    let refused = other.post(&format!("{order}/erasures"), &erased).await?;
    refused.expect_problem(403, "scope_missing")?;
    for body in [json!({}), json!({"platform": "web", "email": "nobody"})] {
        let refused = town.scene.api.post("/v1/customers/erase", &body).await?;
        refused.expect_problem(422, "invalid_person")?;
    }
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM subject_keys")
        .fetch_one(&ops)
        .await?;
    ensure!(keys == 1, "{keys}");
    // Nobody's key is the order's own: the customer is erased, or nobody.
    let of_customer = json!({"order_id": id_of(&order)?});
    let refused = town
        .scene
        .api
        .post("/v1/customers/erase", &of_customer)
        .await?;
    refused.expect_problem(422, "invalid_person")?;
    let unknown = json!({"order_id": Uuid::nil()});
    let refused = town.scene.api.post("/v1/customers/erase", &unknown).await?;
    refused.expect_problem(404, "order_not_found")?;
    // What is uploaded is sent under the worker's key, which may do more.
    let line = json!({
        "op": "record_erasure", "order_id": id_of(&order)?, "body": erased,
    });
    let uploaded = town.scene.upload("", format!("{line}\n")).await?;
    let uploaded = town.scene.until_ended(&uploaded, "succeeded").await?;
    ensure!(count(&uploaded, "failed") == 1, "{uploaded}");
    // An erasure is brought to its end.
    let location = town.ask("erase", &body).await?;
    let cancelled = town
        .scene
        .api
        .post(&format!("{location}/cancel"), &json!({}))
        .await?;
    ensure!(cancelled.status == 409, "{}", cancelled.json);
    town.scene.until_ended(&location, "succeeded").await?;
    Ok(())
}

/// What was sealed before anybody was named, and what was copied since: keys of orders
/// that became a customer's, of orders with an address alone, of exchanges.
pub async fn orders_that_became_a_customers_are_forgotten_from_their_begin(
    env: &TestEnv,
) -> Result<()> {
    let town = Town::open(env).await?;
    let draft = json!({
        "platform": "web", "currency": "GBP",
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 250}],
        "shipping_address": {"name": QUILL.name, "line1": QUILL.street, "country": "GB"},
    });
    let drafted = town
        .scene
        .api
        .post("/v1/drafts", &draft)
        .await?
        .expect(201)?
        .json;
    let id = drafted["order_id"].as_str().context("no order")?;
    let path = format!("/v1/orders/{id}");
    // It is somebody's only after its first event has its row.
    town.read(&path, &drafted["position"]).await?;
    let named = json!({"customer": {"id": "c-1", "name": QUILL.name, "email": QUILL.email}});
    let request = town
        .scene
        .api
        .request(reqwest::Method::PATCH, &format!("/v1/drafts/{id}"));
    let named = answer(request.json(&named)).await?.expect(200)?.json;
    town.read(&path, &named["position"]).await?;
    let body = json!({"platform": "web", "customer_id": "c-1"});
    let ended = town.done("erase", &body).await?;
    ensure!(count(&ended, "succeeded") == 1, "{ended}");
    for path in [
        path.clone(),
        format!("{path}/events"),
        format!("{path}?version=1"),
    ] {
        let shown = town.see(&path).await?.expect(200)?.json;
        ensure!(shows_quill(&shown.to_string()).is_none(), "{path}: {shown}");
    }
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    Ok(())
}
