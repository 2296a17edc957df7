//! Shipping that was chosen by a quote: where it is held against it, what is told of
//! it, and who may do without.

use super::scene::{Scene, basket, flat};
use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, TestEnv, answer};

/// Rights of a shop front: without that to say what anything costs.
const FRONT: &str = "orders:read orders:write";

/// A quote of so many lamps to this postal code, as a shipping choice.
async fn quoted(scene: &Scene, lamps: i64, postal_code: &str) -> anyhow::Result<Value> {
    let mut asked = basket(&json!([{"sku": "LAMP", "quantity": lamps}]));
    asked["destination"] = json!({"country": "DE", "postal_code": postal_code});
    let offer = scene.quote(&asked).await?.json["offers"][0].clone();
    ensure!(offer["quote"].is_string(), "{offer}");
    Ok(json!({
        "method": offer["method"], "name": offer["name"], "amount": offer["amount"],
        "tax": offer["tax"], "quote": offer["quote"],
    }))
}

fn order(lamps: i64, postal_code: &str, shipping: &Value) -> Value {
    json!({
        "platform": "web", "currency": "EUR", "lines": [{"sku": "LAMP", "quantity": lamps}],
        "shipping": shipping, "shipping_address": address(postal_code),
    })
}

fn address(postal_code: &str) -> Value {
    json!({"name": "Ada", "city": "Berlin", "postal_code": postal_code, "country": "DE"})
}

/// The same choice without its quote.
fn unquoted(shipping: &Value) -> Value {
    let mut shipping = shipping.clone();
    if let Some(members) = shipping.as_object_mut() {
        members.remove("quote");
    }
    shipping
}

async fn send(scene: &Scene, method: Method, path: &str, body: &Value) -> anyhow::Result<Answer> {
    answer(scene.commands.request(method, path).json(body)).await
}

/// As a shop front, which may not say what anything costs.
async fn from_front(
    scene: &Scene,
    method: Method,
    path: &str,
    body: &Value,
) -> anyhow::Result<Answer> {
    let request = scene.commands.request(method, path).json(body);
    answer(request.header("Orderlog-Scopes", FRONT)).await
}

/// The path of the order or draft in an answer, below this collection.
fn path_in(collection: &str, told: &Value) -> anyhow::Result<String> {
    let id = told["order_id"].as_str().context("no id")?;
    Ok(format!("/v1/{collection}/{id}"))
}

/// Zone, method, and a quote of two lamps.
async fn shop(env: &TestEnv) -> anyhow::Result<(Scene, Value)> {
    let scene = Scene::start(env).await?;
    scene.germany().await?;
    scene.method("parcel", &flat(&["germany"], 499)).await?;
    let shipping = quoted(&scene, 2, "10115").await?;
    Ok((scene, shipping))
}

pub async fn the_chosen_quote_is_told_of_the_order(env: &TestEnv) -> anyhow::Result<()> {
    let (scene, shipping) = shop(env).await?;
    let body = order(2, "10115", &shipping);
    let placed = scene
        .commands
        .post("/v1/orders", &body)
        .await?
        .expect(201)?;
    let quote = &placed.json["shipping"]["quote"];
    ensure!(
        quote["method_version"] == 1
            && quote["zone_version"] == 1
            && quote["platform_version"] == 1,
        "{quote}"
    );
    ensure!(quote["expires_at"].is_string() && quote["lines"].is_string());
    // Neither the promise, which says where it goes, nor the place.
    let told = quote.as_object().map_or(0, serde_json::Map::len);
    ensure!(told == 5, "{quote}");
    // Another choice is held against a quote of what the order has.
    let path = format!("{}/shipping", path_in("orders", &placed.json)?);
    let anew = quoted(&scene, 2, "10115").await?;
    let mut cheaper = anew.clone();
    cheaper["amount"] = json!(1);
    let refused = send(&scene, Method::PUT, &path, &cheaper).await?;
    let refused = refused.expect_problem(409, "quote_mismatch")?.json;
    ensure!(
        refused["part"] == "amount" && refused["errors"][0]["pointer"] == "/quote",
        "{refused}"
    );
    for (other, part) in [
        (quoted(&scene, 3, "10115").await?, "lines"),
        (quoted(&scene, 2, "10117").await?, "destination"),
    ] {
        let refused = send(&scene, Method::PUT, &path, &other).await?;
        let refused = refused.expect_problem(409, "quote_mismatch")?.json;
        ensure!(refused["part"] == part, "{refused}");
    }
    let changed = send(&scene, Method::PUT, &path, &unquoted(&shipping)).await?;
    let changed = changed.expect(200)?.json;
    ensure!(changed["shipping"]["quote"].is_null(), "{changed}");
    let changed = send(&scene, Method::PUT, &path, &anew).await?.expect(200)?;
    ensure!(changed.json["shipping"]["quote"]["lines"] == quote["lines"]);
    Ok(())
}

pub async fn a_draft_is_completed_while_its_quote_holds_for_it(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let (scene, shipping) = shop(env).await?;
    let body = order(2, "10115", &shipping);
    let draft = scene
        .commands
        .post("/v1/drafts", &body)
        .await?
        .expect(201)?;
    let path = path_in("drafts", &draft.json)?;
    let complete = format!("{path}/complete");
    // A patch is held against its quote, with all that it changes.
    let mut cheaper = shipping.clone();
    cheaper["amount"] = json!(1);
    let lines = json!([{"sku": "LAMP", "quantity": 3}]);
    for (patch, part) in [
        (json!({"shipping": cheaper}), "amount"),
        (json!({"shipping": shipping, "lines": lines}), "lines"),
        (
            json!({"shipping": shipping, "shipping_address": address("10117")}),
            "destination",
        ),
    ] {
        let refused = send(&scene, Method::PATCH, &path, &patch).await?;
        let refused = refused.expect_problem(409, "quote_mismatch")?.json;
        ensure!(refused["part"] == part, "{refused}");
    }
    // What it becomes later is held against the quote that it has.
    for (patch, part, back) in [
        (
            json!({"lines": lines}),
            "lines",
            json!({"lines": body["lines"]}),
        ),
        (
            json!({"shipping_address": address("10117")}),
            "destination",
            json!({"shipping_address": address("10115"), "shipping": shipping}),
        ),
    ] {
        send(&scene, Method::PATCH, &path, &patch)
            .await?
            .expect(200)?;
        let refused = scene.commands.post(&complete, &json!({})).await?;
        let refused = refused.expect_problem(409, "quote_mismatch")?.json;
        ensure!(refused["part"] == part, "{refused}");
        send(&scene, Method::PATCH, &path, &back)
            .await?
            .expect(200)?;
    }
    let placed = scene.commands.post(&complete, &json!({})).await?;
    let placed = placed.expect(200)?.json;
    ensure!(
        placed["shipping"]["quote"]["method_version"] == 1,
        "{placed}"
    );
    Ok(())
}

pub async fn an_exchange_is_held_against_the_quote_of_its_shipping(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let (scene, shipping) = shop(env).await?;
    scene
        .platform("web", &json!({"allow_unpaid_shipping": true}))
        .await?;
    let body = order(2, "10115", &shipping);
    let placed = scene
        .commands
        .post("/v1/orders", &body)
        .await?
        .expect(201)?;
    let path = path_in("orders", &placed.json)?;
    let units = json!({"lines": [{"line": "l1", "quantity": 2}]});
    for (step, body) in [
        ("fulfillments", &units),
        ("fulfillments/f1/ship", &json!({})),
        ("returns", &units),
    ] {
        let done = scene.commands.post(&format!("{path}/{step}"), body).await?;
        ensure!(done.status.is_success(), "{step}: {}", done.json);
    }
    let exchange = format!("{path}/returns/r1/exchange");
    let lines = json!([{"sku": "LAMP", "quantity": 2}]);
    let mut cheaper = shipping.clone();
    cheaper["amount"] = json!(1);
    let body = json!({"lines": lines, "shipping": cheaper});
    let refused = scene.commands.post(&exchange, &body).await?;
    let refused = refused.expect_problem(409, "quote_mismatch")?.json;
    ensure!(refused["part"] == "amount", "{refused}");
    let body = json!({"lines": lines, "shipping": shipping});
    let replaced = scene.commands.post(&exchange, &body).await?.expect(201)?;
    ensure!(replaced.json["shipping"]["quote"]["zone_version"] == 1);
    Ok(())
}

pub async fn where_charges_are_quoted_nobody_else_says_them(env: &TestEnv) -> anyhow::Result<()> {
    let (scene, _) = shop(env).await?;
    scene
        .platform("web", &json!({"client_shipping": "quoted"}))
        .await?;
    let shipping = quoted(&scene, 2, "10115").await?;
    let front = async |method: Method, path: &str, body: &Value| {
        from_front(&scene, method, path, body).await
    };
    let said = order(2, "10115", &unquoted(&shipping));
    for path in ["/v1/orders", "/v1/drafts"] {
        let refused = front(Method::POST, path, &said).await?;
        let refused = refused.expect_problem(409, "quote_required")?.json;
        ensure!(
            refused["errors"][0]["pointer"] == "/shipping/quote",
            "{refused}"
        );
    }
    // To leave it out is to say that it costs nothing, unless nothing is sent.
    let mut silent = said.clone();
    silent["shipping"] = Value::Null;
    let refused = front(Method::POST, "/v1/orders", &silent).await?;
    let refused = refused.expect_problem(409, "quote_required")?.json;
    ensure!(refused["errors"][0]["pointer"] == "/shipping", "{refused}");
    let mut gift = silent.clone();
    gift["lines"] = json!([{"sku": "GIFT", "quantity": 1}]);
    front(Method::POST, "/v1/orders", &gift)
        .await?
        .expect(201)?;
    let draft = front(Method::POST, "/v1/drafts", &silent)
        .await?
        .expect(201)?;
    let path = path_in("drafts", &draft.json)?;
    let complete = format!("{path}/complete");
    front(Method::POST, &complete, &json!({}))
        .await?
        .expect_problem(409, "quote_required")?;
    let changed = json!({"shipping": unquoted(&shipping)});
    front(Method::PATCH, &path, &changed)
        .await?
        .expect_problem(409, "quote_required")?;
    let changed = json!({"shipping": shipping});
    front(Method::PATCH, &path, &changed).await?.expect(200)?;
    let placed = front(Method::POST, &complete, &json!({}))
        .await?
        .expect(200)?;
    // It was quoted for this, and for this place.
    let path = path_in("orders", &placed.json)?;
    let more = json!({"sku": "LAMP", "quantity": 1});
    for (method, part, body) in [
        (Method::PUT, "shipping", unquoted(&shipping)),
        (Method::POST, "lines", more.clone()),
        (Method::PATCH, "lines/l1", json!({"quantity": 3})),
        (Method::PUT, "shipping_address", address("10117")),
    ] {
        let part = format!("{path}/{part}");
        front(method, &part, &body)
            .await?
            .expect_problem(409, "quote_required")?;
    }
    let mut same = address("10115");
    same["name"] = json!("Ada Lovelace");
    let to = format!("{path}/shipping_address");
    front(Method::PUT, &to, &same).await?.expect(200)?;
    // Who may set prices may.
    let lines = format!("{path}/lines");
    send(&scene, Method::POST, &lines, &more)
        .await?
        .expect(200)?;
    send(&scene, Method::POST, "/v1/orders", &said)
        .await?
        .expect(201)?;
    Ok(())
}
