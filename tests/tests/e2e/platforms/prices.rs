//! Prices of clients, and those of the catalogue.

use super::scene::{Scene, client_for, order};
use crate::bulk::client::bulk;
use anyhow::ensure;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{TestEnv, answer};

/// A platform whose catalogue decides, with one lamp in it.
async fn shop(env: &TestEnv) -> anyhow::Result<Scene> {
    let scene = Scene::start(env).await?;
    scene
        .put("/v1/platforms/web", &json!({"currency": "GBP"}))
        .await?
        .expect(201)?;
    let lamp = json!({"title": "Lamp", "prices": [
        {"currency": "GBP", "unit_price": "3.00"}, {"platform": "web", "currency": "GBP", "unit_price": "2.50"},
    ]});
    scene.put("/v1/products/A", &lamp).await?.expect(201)?;
    Ok(scene)
}

fn line(order: &mut Value) -> &mut Value {
    &mut order["lines"][0]
}

pub async fn a_price_of_a_client_is_held_against_the_catalogue(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = shop(env).await?;
    let plain = client_for(env, &scene.role, &[]).await?;
    let trusted = client_for(env, &scene.role, &["orders:price"]).await?;
    let fair = order("web");
    plain.post("/v1/orders", &fair).await?.expect(201)?;
    let mut cheap = fair.clone();
    line(&mut cheap)["unit_price"] = json!(1);
    let refused = plain.post("/v1/orders", &cheap).await?;
    let refused = refused.expect_problem(409, "price_mismatch")?.json;
    ensure!(
        refused["current"] == 250 && refused["given"] == 1,
        "{refused}"
    );
    ensure!(refused["errors"][0]["pointer"] == "/lines/0/unit_price");
    trusted.post("/v1/orders", &cheap).await?.expect(201)?;
    let mut invented = fair.clone();
    line(&mut invented)["sku"] = json!("A-cheap");
    plain
        .post("/v1/orders", &invented)
        .await?
        .expect_problem(422, "price_unknown")?;
    let placed = plain.post("/v1/orders", &fair).await?.expect(201)?;
    let path = format!("{}/lines", placed.header("location"));
    let more = json!({"sku": "A", "quantity": 1, "unit_price": 249});
    let refused = plain.post(&path, &more).await?;
    let refused = refused.expect_problem(409, "price_mismatch")?.json;
    ensure!(refused["errors"][0]["pointer"] == "/unit_price");
    // The rest of a command is not carried out by halves.
    ensure!(scene.events_of("order").await? == 3);
    let accepting = json!({"client_prices": "accepted"});
    scene
        .patch("/v1/platforms/web", &accepting)
        .await?
        .expect(200)?;
    plain.post("/v1/orders", &cheap).await?.expect(201)?;
    Ok(())
}

pub async fn what_a_line_leaves_out_is_in_the_catalogue(env: &TestEnv) -> anyhow::Result<()> {
    let scene = shop(env).await?;
    let body =
        json!({"platform": "web", "currency": "GBP", "lines": [{"sku": "A", "quantity": 2}]});
    let placed = scene.api.post("/v1/orders", &body).await?.expect(201)?.json;
    ensure!(
        placed["lines"][0]["name"] == "Lamp" && placed["totals"]["total"] == 500,
        "{placed}"
    );
    // A copy: the product has another price by now, and the order has not.
    let dearer = json!({"platform": "web", "currency": "GBP", "unit_price": "9.99"});
    scene
        .put("/v1/products/A/price", &dearer)
        .await?
        .expect(200)?;
    let next = scene.api.post("/v1/orders", &body).await?.expect(201)?.json;
    ensure!(next["totals"]["total"] == 1998);
    scene.delete("/v1/products/A").await?.expect(200)?;
    scene
        .api
        .post("/v1/orders", &body)
        .await?
        .expect_problem(422, "price_unknown")?;
    Ok(())
}

pub async fn a_draft_is_priced_once_more_when_it_is_placed(env: &TestEnv) -> anyhow::Result<()> {
    let scene = shop(env).await?;
    let plain = client_for(env, &scene.role, &[]).await?;
    let draft = plain
        .post("/v1/drafts", &order("web"))
        .await?
        .expect(201)?
        .json;
    let id = draft["order_id"].as_str().unwrap_or_default();
    let dearer = json!({"platform": "web", "currency": "GBP", "unit_price": "2.75"});
    scene
        .put("/v1/products/A/price", &dearer)
        .await?
        .expect(200)?;
    let complete = format!("/v1/drafts/{id}/complete");
    let refused = plain.post(&complete, &json!({})).await?;
    let refused = refused.expect_problem(409, "price_mismatch")?.json;
    ensure!(refused["current"] == 275, "{refused}");
    let lines = json!({"lines": [{"sku": "A", "quantity": 3}]});
    let update = plain
        .request(Method::PATCH, &format!("/v1/drafts/{id}"))
        .json(&lines);
    answer(update).await?.expect(200)?;
    let placed = plain.post(&complete, &json!({})).await?.expect(200)?.json;
    ensure!(placed["totals"]["total"] == 825, "{placed}");
    Ok(())
}

/// Nothing new begins with a discount of somebody who may set no prices.
async fn nothing_begins_cheaper(
    scene: &Scene,
    plain: &tests::Api,
    free: &Value,
) -> anyhow::Result<()> {
    for path in ["/v1/orders", "/v1/drafts"] {
        let refused = plain.post(path, free).await?;
        let refused = refused.expect_problem(409, "discount_not_allowed")?.json;
        ensure!(
            refused["errors"][0]["pointer"] == "/lines/0/discount" && refused["allowed"] == 0,
            "{refused}"
        );
    }
    let op = json!({"op": "place_order", "key": "free", "body": free});
    let told = bulk(plain, &[op]).await?;
    ensure!(
        told.results[0]["problem"]["code"] == "discount_not_allowed",
        "{}",
        told.results[0]
    );
    ensure!(scene.events_of("order").await? == 0);
    Ok(())
}

/// Every way to an order that costs less than the catalogue says, and every one of
/// them in a bulk request too.
pub async fn a_discount_is_for_who_may_set_prices(env: &TestEnv) -> anyhow::Result<()> {
    let scene = shop(env).await?;
    let plain = client_for(env, &scene.role, &[]).await?;
    let trusted = client_for(env, &scene.role, &["orders:price"]).await?;
    let free = |mut body: Value| {
        line(&mut body)["discount"] = json!(750);
        body
    };
    nothing_begins_cheaper(&scene, &plain, &free(order("web"))).await?;
    // Somebody may give one, and it is no more for the others than it was.
    let half = {
        let mut body = order("web");
        line(&mut body)["discount"] = json!(375);
        body
    };
    let draft = trusted.post("/v1/drafts", &half).await?.expect(201)?.json;
    let id = draft["order_id"].as_str().unwrap_or_default();
    let lines = json!({"lines": free(order("web"))["lines"]});
    let update = plain
        .request(Method::PATCH, &format!("/v1/drafts/{id}"))
        .json(&lines);
    answer(update)
        .await?
        .expect_problem(409, "discount_not_allowed")?;
    let complete = format!("/v1/drafts/{id}/complete");
    plain
        .post(&complete, &json!({}))
        .await?
        .expect_problem(409, "discount_not_allowed")?;
    trusted.post(&complete, &json!({})).await?.expect(200)?;
    let path = format!("/v1/orders/{id}");
    let change = async |api: &tests::Api, body: Value| {
        answer(
            api.request(Method::PATCH, &format!("{path}/lines/l1"))
                .json(&body),
        )
        .await
    };
    let events = scene.events_of("order").await?;
    for (body, allowed) in [
        (json!({"discount": 750}), 375),
        (json!({"quantity": 1, "discount": 250}), 125),
        (json!({"quantity": 6}), 375),
    ] {
        let refused = change(&plain, body).await?;
        let refused = refused.expect_problem(409, "discount_not_allowed")?.json;
        ensure!(refused["allowed"] == allowed, "{refused}");
    }
    for body in [json!({"amount": 1}), json!({"percent": "100"})] {
        plain
            .post(&format!("{path}/discounts"), &body)
            .await?
            .expect_problem(409, "discount_not_allowed")?;
    }
    let more = json!({"sku": "A", "quantity": 1, "discount": 250});
    let refused = plain.post(&format!("{path}/lines"), &more).await?;
    let refused = refused.expect_problem(409, "discount_not_allowed")?.json;
    ensure!(refused["errors"][0]["pointer"] == "/discount", "{refused}");
    ensure!(scene.events_of("order").await? == events);
    // More of it costs what it costs by now, and less of it what it did.
    change(&plain, json!({"quantity": 4, "discount": 375}))
        .await?
        .expect(200)?;
    let dearer = json!({"platform": "web", "currency": "GBP", "unit_price": "2.75"});
    scene
        .put("/v1/products/A/price", &dearer)
        .await?
        .expect(200)?;
    let refused = change(&plain, json!({"quantity": 5, "discount": 375})).await?;
    let refused = refused.expect_problem(409, "price_mismatch")?.json;
    ensure!(
        refused["errors"][0]["pointer"] == "/quantity" && refused["current"] == 275,
        "{refused}"
    );
    change(&plain, json!({"quantity": 3})).await?.expect(200)?;
    let percent = json!({"percent": "100"});
    let given = trusted.post(&format!("{path}/discounts"), &percent).await?;
    ensure!(given.expect(200)?.json["totals"]["total"] == 0);
    let accepting = json!({"client_prices": "accepted"});
    scene
        .patch("/v1/platforms/web", &accepting)
        .await?
        .expect(200)?;
    plain
        .post("/v1/orders", &free(order("web")))
        .await?
        .expect(201)?;
    Ok(())
}
