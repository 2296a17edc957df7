//! What is saved, and told.

use super::scene::Scene;
use crate::bulk::client::bulk;
use anyhow::ensure;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{TestEnv, answer};

pub async fn a_platform_is_saved_changed_archived_and_restored(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let path = "/v1/platforms/web";
    scene
        .patch(path, &json!({"active": false}))
        .await?
        .expect_problem(404, "platform_not_found")?;
    let body = json!({"name": "Web shop", "currency": "GBP", "number_prefix": "W-"});
    let made = scene.put(path, &body).await?.expect(201)?;
    ensure!(made.header("location") == path && made.header("etag") == "\"1-0\"");
    let json = &made.json;
    ensure!(
        json["slug"] == "web" && json["version"] == 1 && json["active"] == true,
        "{json}"
    );
    ensure!(json["position"].is_string() && json["updated_at"].is_string());
    let stale = scene
        .api
        .request(Method::PATCH, path)
        .json(&json!({"currency": null}));
    answer(stale.header("If-Match", "\"2-0\""))
        .await?
        .expect_problem(412, "precondition_failed")?;
    let request = scene
        .api
        .request(Method::PATCH, path)
        .json(&json!({"currency": null}));
    let changed = answer(request.header("If-Match", "\"1-0\""))
        .await?
        .expect(200)?;
    ensure!(changed.json["currency"].is_null() && changed.json["number_prefix"] == "W-");
    let archived = scene.delete(path).await?.expect(200)?;
    ensure!(archived.json["archived"] == true && archived.json["version"] == 3);
    scene.delete(path).await?.expect(200)?;
    scene
        .put(path, &body)
        .await?
        .expect_problem(409, "platform_archived")?;
    let restored = scene
        .api
        .post(&format!("{path}/restore"), &json!({}))
        .await?;
    let restored = restored.expect(200)?.json;
    ensure!(
        restored["archived"] == false && restored["version"] == 4,
        "{restored}"
    );
    // What does not exist has no version that somebody could have seen.
    let unseen = scene
        .api
        .request(Method::PUT, "/v1/platforms/pos")
        .json(&body);
    answer(unseen.header("If-Match", "\"1-0\""))
        .await?
        .expect_problem(412, "precondition_failed")?;
    Ok(())
}

pub async fn saving_what_is_there_stores_nothing(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let save = |key: &'static str, title: &'static str| {
        let request = scene
            .api
            .request(Method::PUT, "/v1/products/A%2F1%20%C3%A9");
        let body = json!({"title": title, "prices": [{"currency": "GBP", "unit_price": "2.50"}]});
        answer(request.header("Idempotency-Key", key).json(&body))
    };
    let made = save("k1", "Lamp").await?.expect(201)?;
    ensure!(made.json["sku"] == "A/1 \u{e9}", "{}", made.json);
    ensure!(made.header("location") == "/v1/products/A%2F1%20%C3%A9");
    let again = save("k2", "Lamp").await?.expect(200)?;
    ensure!(again.json["version"] == 1, "{}", again.json);
    let other = save("k3", "Lamp, large").await?.expect(200)?;
    ensure!(other.json["version"] == 2);
    let repeated = save("k1", "Lamp").await?.expect(201)?;
    ensure!(repeated.json == made.json && repeated.header("idempotent-replayed") == "true");
    save("k1", "Lantern")
        .await?
        .expect_problem(422, "idempotency_key_reused")?;
    ensure!(scene.events_of("product").await? == 2);
    Ok(())
}

pub async fn every_kind_is_told_as_it_was_saved(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let zone = json!({
        "name": "London", "countries": ["ie"], "regions": ["GB-SCT"],
        "postal_codes": [{"country": "GB", "prefix": "sw1"}, {"country": "DE", "from": "01000", "to": "01999"}],
    });
    let saved = scene
        .put("/v1/shipping/zones/london", &zone)
        .await?
        .expect(201)?
        .json;
    ensure!(
        saved["id"] == "london" && saved["countries"] == json!(["IE"]),
        "{saved}"
    );
    ensure!(
        saved["postal_codes"]
            .as_array()
            .is_some_and(|codes| codes.len() == 2),
        "{saved}"
    );
    let method = json!({
        "name": "Express", "zones": ["london"], "max_weight_grams": 30_000,
        "rates": [{"currency": "GBP", "charge": {"kind": "weight_tiers", "tiers": [{"up_to": 2_000, "amount": 399}, {"amount": 899}]}}],
    });
    let saved = scene
        .put("/v1/shipping/methods/express", &method)
        .await?
        .expect(201)?
        .json;
    ensure!(
        saved["rates"][0]["charge"]["tiers"][1] == json!({"amount": 899}),
        "{saved}"
    );
    let product = json!({"title": "Lamp", "weight_grams": 900, "prices": [
        {"currency": "GBP", "unit_price": "2.50"}, {"platform": "web", "currency": "GBP", "unit_price": 240},
    ]});
    scene.put("/v1/products/A", &product).await?.expect(201)?;
    let price = json!({"platform": "web", "currency": "GBP", "unit_price": null});
    let priced = scene
        .put("/v1/products/A/price", &price)
        .await?
        .expect(200)?
        .json;
    let left = json!([{"currency": "GBP", "unit_price": 250}]);
    ensure!(
        priced["prices"] == left && priced["version"] == 2,
        "{priced}"
    );
    // Titles and prices come from two systems: neither takes the other's away.
    let retitled = scene
        .put("/v1/products/A", &json!({"title": "Lantern"}))
        .await?;
    ensure!(retitled.expect(200)?.json["prices"] == left);
    Ok(())
}

pub async fn what_cannot_be_saved_is_pointed_at(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let tier = json!({"name": "x", "zones": ["z"], "rates": [{"currency": "GBP",
        "charge": {"kind": "subtotal_tiers", "tiers": [{"up_to": 5, "amount": 1}, {"up_to": 5, "amount": 2}]}}]});
    let cases: [(&str, Value, u16, &str, &str); 9] = [
        (
            "/v1/platforms/web",
            json!({"auto_confrim": true}),
            400,
            "invalid_body",
            "/auto_confrim",
        ),
        ("/v1/platforms/Web", json!({}), 400, "invalid_path", ""),
        (
            "/v1/platforms/web",
            json!({"number_prefix": "A1"}),
            422,
            "invalid_number_prefix",
            "/number_prefix",
        ),
        (
            "/v1/platforms/web",
            json!({"expire_unpaid_after_seconds": 0}),
            422,
            "seconds_out_of_range",
            "/expire_unpaid_after_seconds",
        ),
        (
            "/v1/products/A",
            json!({"title": " "}),
            400,
            "invalid_body",
            "/title",
        ),
        (
            "/v1/products/A",
            json!({"title": "x", "prices": [{"currency": "GBP", "unit_price": -1}]}),
            422,
            "negative_price",
            "/prices/0/unit_price",
        ),
        (
            "/v1/shipping/zones/z",
            json!({"name": "x"}),
            422,
            "zone_empty",
            "",
        ),
        (
            "/v1/shipping/zones/z",
            json!({"name": "x", "postal_codes": [{"country": "GB"}]}),
            400,
            "invalid_body",
            "/postal_codes/0",
        ),
        (
            "/v1/shipping/methods/m",
            tier,
            422,
            "tiers_not_ascending",
            "/rates/0/charge/tiers/1/up_to",
        ),
    ];
    for (path, body, status, code, pointer) in cases {
        let refused = scene
            .put(path, &body)
            .await?
            .expect_problem(status, code)?
            .json;
        let told = refused["errors"][0]["pointer"].as_str().unwrap_or_default();
        ensure!(told == pointer, "{refused}");
    }
    for kind in ["platform", "product", "shipping_zone", "shipping_method"] {
        ensure!(scene.events_of(kind).await? == 0, "{kind}");
    }
    Ok(())
}

/// Products of the catalogue, unless `ORDERLOG_CATALOGUE_LINES` says another number.
const PRODUCTS: usize = 2_000;
/// Of them have another price the second time.
const DEARER: usize = 7;

pub async fn a_catalogue_is_saved_in_bulk_and_again_for_nothing(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let products = match std::env::var("ORDERLOG_CATALOGUE_LINES") {
        Ok(lines) => lines.parse()?,
        Err(_) => PRODUCTS,
    };
    ensure!(products >= DEARER, "at least {DEARER} products");
    let scene = Scene::start(env).await?;
    let lines = |run: &str, dearer: usize| -> Vec<Value> {
        let line = |number: usize| {
            let price = if number < dearer { 260 } else { 250 };
            json!({"op": "save_product", "key": format!("{run}-{number}"), "sku": format!("S{number}"), "body": {
                "title": format!("Lamp {number}"), "prices": [{"currency": "GBP", "unit_price": price}],
            }})
        };
        (0..products).map(line).collect()
    };
    let all = u64::try_from(products)?;
    let first = bulk(&scene.api, &lines("first", 0)).await?;
    ensure!(first.counts()? == [all, all, 0, 0]);
    ensure!(
        first
            .results
            .iter()
            .all(|result| result["status"] == 201 && result["version"] == 1)
    );
    let again = bulk(&scene.api, &lines("again", DEARER)).await?;
    ensure!(again.counts()? == [all, all, 0, 0]);
    let newer = again.results.iter().filter(|result| result["version"] == 2);
    ensure!(newer.count() == DEARER);
    ensure!(scene.events_of("product").await? == i64::try_from(products + DEARER)?);
    let wrong =
        json!({"op": "save_product", "key": "k", "platform": "web", "body": {"title": "x"}});
    let refused = bulk(&scene.api, &[wrong]).await?;
    ensure!(
        refused.results[0]["status"] == 400,
        "{}",
        refused.results[0]
    );
    Ok(())
}
