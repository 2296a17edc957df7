//! Keys of one platform, beside another one.

use super::{bound, client, scoped};
use crate::{
    bulk::client::{bulk, text},
    people::town::{MARL, Town, order},
};
use anyhow::{Context as _, Result, ensure};
use infra::api_keys::Rights;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Api, TestEnv, answer};

/// An order of this platform.
fn order_of(platform: &str, external_id: &str) -> Value {
    let mut order = order(&MARL, Some("c-1"));
    order["platform"] = platform.into();
    order["external_id"] = external_id.into();
    order
}

/// Two shops with an order each; the paths of these, and a key of the first at both
/// APIs.
async fn two_shops(env: &TestEnv) -> Result<(Town<'_>, [String; 2], [Api; 2])> {
    let town = Town::open(env).await?;
    let mut paths = Vec::new();
    for platform in ["web", "other"] {
        let body = order_of(platform, "W-1");
        let placed = town
            .scene
            .api
            .post("/v1/orders", &body)
            .await?
            .expect(201)?;
        let path = placed.header("location").to_owned();
        town.read(&path, &placed.json["position"]).await?;
        paths.push(path);
    }
    let commands = client(env, town.scene.api.url(), &bound("web")).await?;
    let queries = commands.at(&town.scene.queries);
    let paths = paths.try_into().map_err(|_| anyhow::anyhow!("two"))?;
    Ok((town, paths, [commands, queries]))
}

fn statuses(results: &[Value]) -> Vec<u64> {
    let statuses = results.iter().map(|result| result["status"].as_u64());
    statuses.map(Option::unwrap_or_default).collect()
}

/// Lists, sums, streams and single orders: what is of others is not there, and whoever
/// names them is told.
pub async fn a_key_of_one_platform_reads_its_own_only(env: &TestEnv) -> Result<()> {
    let (town, [own, others], [_, queries]) = two_shops(env).await?;
    let everything = town.views();
    for path in [
        "/v1/orders",
        "/v1/customers",
        "/v1/events",
        "/v1/statistics/orders?group_by=platform&from=2020-01-01&to=2030-01-01",
        "/v1/statistics/products?from=2020-01-01&to=2030-01-01",
        "/v1/statistics/customers?from=2020-01-01&to=2030-01-01",
    ] {
        let all = everything.get(path).await?.expect(200).context(path)?.json;
        let own = queries.get(path).await?.expect(200).context(path)?.json;
        let count = |list: &Value| list["data"].as_array().map_or(0, Vec::len);
        ensure!(count(&own) > 0 && own != all, "{path}: {own} {all}");
        ensure!(!own.to_string().contains("\"other\""), "{path}: {own}");
        let joint = if path.contains('?') { '&' } else { '?' };
        for foreign in [
            "platform=other",
            "platform=web,other",
            "platform=other&platform=web",
        ] {
            let refused = queries.get(&format!("{path}{joint}{foreign}")).await?;
            refused
                .expect_problem(403, "platform_not_allowed")
                .context(path)?;
        }
        let named = queries.get(&format!("{path}{joint}platform=web")).await?;
        ensure!(named.expect(200)?.json["data"] == own["data"], "{path}");
    }
    // A facet leaves its own filter out, and nobody's platform.
    let facets = queries.get("/v1/orders?facets=platform,status").await?;
    let facets = facets.expect(200)?.json;
    ensure!(facets.to_string().contains("\"web\""), "{facets}");
    ensure!(!facets.to_string().contains("\"other\""), "{facets}");
    for path in ["/v1/orders.ndjson", "/v1/lines.csv", "/v1/events.ndjson"] {
        let text = |api: &Api| {
            let request = api.request(Method::GET, path);
            async move { anyhow::Ok(request.send().await?.error_for_status()?.text().await?) }
        };
        let id = others.rsplit('/').next().context("no id")?;
        ensure!(text(&everything).await?.contains(id), "{path}");
        ensure!(!text(&queries).await?.contains(id), "{path}");
    }
    let reads = [
        "",
        "/events",
        "/diff?from=1&to=1",
        "?version=1",
        "?min_version=1",
    ];
    for read in reads {
        queries.get(&format!("{own}{read}")).await?.expect(200)?;
        let refused = queries.get(&format!("{others}{read}")).await?;
        refused
            .expect_problem(404, "order_not_found")
            .context(read)?;
    }
    // However it is asked for, nothing is said of it: not even how far it is.
    for read in [
        "?version=999999",
        "?as_of=2020-01-01T00:00:00Z",
        "/diff?to=999999",
        "/invoice.pdf",
        "/credit_note.pdf?number=99",
        "/packing_slip.pdf?fulfillment=x",
        "/stream",
        "/events?limit=1",
    ] {
        let refused = queries.get(&format!("{others}{read}")).await?;
        let refused = refused
            .expect_problem(404, "order_not_found")
            .context(read)?;
        ensure!(refused.json["newest"].is_null(), "{read}: {refused:?}");
    }
    let request = queries.request(Method::GET, &format!("{others}?min_version=9"));
    let refused = answer(request.header("Prefer", "wait=1, handling=strict")).await?;
    refused.expect_problem(404, "order_not_found")?;
    let tag = everything.get(&others).await?.header("etag").to_owned();
    let request = queries.request(Method::GET, &others);
    let refused = answer(request.header("if-none-match", tag)).await?;
    refused.expect_problem(404, "order_not_found")?;
    let by_name = "/v1/orders/by_external_id";
    queries
        .get(&format!("{by_name}/web/W-1"))
        .await?
        .expect(200)?;
    let refused = queries.get(&format!("{by_name}/other/W-1")).await?;
    refused.expect_problem(403, "platform_not_allowed")?;
    let ids = [&own, &others].map(|path| path.rsplit('/').next().unwrap_or_default());
    let looked = queries
        .post("/v1/orders/lookup", &json!({"ids": ids}))
        .await?;
    let looked = looked.expect(200)?.json;
    ensure!(looked["data"][0]["id"] == ids[0] && looked["missing"] == json!([ids[1]]));
    Ok(())
}

/// Commands on others' orders find nothing, whatever they insist on; new orders are of
/// its own platform; what is everybody's stays as it is.
pub async fn a_key_of_one_platform_changes_its_own_only(env: &TestEnv) -> Result<()> {
    let (town, [own, others], [commands, _]) = two_shops(env).await?;
    let note = json!({"text": "x"});
    commands
        .post(&format!("{own}/notes"), &note)
        .await?
        .expect(200)?;
    let refused = commands.post(&format!("{others}/notes"), &note).await?;
    refused.expect_problem(404, "order_not_found")?;
    // Nothing is said of its version either.
    for version in ["\"1\"", "\"7\"", "*"] {
        let request = commands.request(Method::POST, &format!("{others}/cancel"));
        let request = request
            .header("if-match", version)
            .json(&json!({"reason": "x"}));
        answer(request)
            .await?
            .expect_problem(404, "order_not_found")?;
    }
    let place = |platform: &str| order_of(platform, "W-2");
    commands
        .post("/v1/orders", &place("web"))
        .await?
        .expect(201)?;
    let refused = commands.post("/v1/orders", &place("other")).await?;
    refused.expect_problem(403, "platform_not_allowed")?;
    // Also where there is such an order: its id is no secret, its content is.
    let refused = commands
        .post("/v1/orders", &order_of("other", "W-1"))
        .await?;
    refused.expect_problem(403, "platform_not_allowed")?;
    for path in ["/v1/platforms/other", "/v1/products/A"] {
        let request = commands
            .request(Method::PUT, path)
            .json(&json!({"title": "x"}));
        answer(request)
            .await?
            .expect_problem(403, "platform_not_allowed")?;
    }
    let id = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let lines = [
        json!({"op": "add_note", "key": "1", "order_id": id(&own), "body": note}),
        json!({"op": "add_note", "key": "2", "order_id": id(&others), "body": note}),
        json!({"op": "place_order", "key": "3", "body": place("other")}),
        json!({"op": "archive_platform", "key": "4", "platform": "other"}),
        json!({"op": "archive_product", "key": "5", "sku": "A"}),
    ];
    let done = bulk(&commands, &lines).await?;
    ensure!(
        statuses(&done.results) == [200, 404, 403, 403, 403],
        "{:?}",
        done.results
    );
    let seen = town.see(&others).await?.expect(200)?.json;
    ensure!(seen["version"] == 1, "{seen}");
    Ok(())
}

/// In a request and in an operation, which a worker carries out under its own key: a
/// line needs the scope of its command, and prices the one for prices.
pub async fn lines_may_do_what_whoever_sends_them_may(env: &TestEnv) -> Result<()> {
    let town = Town::open(env).await?;
    let put =
        |path: &str, body: Value| answer(town.scene.api.request(Method::PUT, path).json(&body));
    put("/v1/platforms/web", json!({"currency": "GBP"}))
        .await?
        .expect(201)?;
    let prices = json!([{"currency": "GBP", "unit_price": "2.50"}]);
    let lamp = json!({"title": "Lamp", "prices": prices});
    put("/v1/products/A", lamp).await?.expect(201)?;
    let nothing = json!({});
    let restore = || town.scene.api.post("/v1/products/A/restore", &nothing);
    let mut cheap = order(&MARL, None);
    cheap["lines"][0]["unit_price"] = json!(1);
    let lines = |prefix: &str| {
        [
            json!({"op": "place_order", "key": format!("{prefix}1"), "body": order(&MARL, None)}),
            json!({"op": "place_order", "key": format!("{prefix}2"), "body": cheap}),
            json!({"op": "archive_product", "key": format!("{prefix}3"), "sku": "A"}),
        ]
    };
    let scopes = ["orders:write", "operations:write", "operations:read"];
    let mut with_prices = scopes.to_vec();
    with_prices.push("orders:price");
    for (rights, expected) in [
        (scoped(&scopes), [201, 409, 403]),
        (scoped(&with_prices), [201, 201, 403]),
        (Rights::default(), [201, 201, 200]),
    ] {
        let api = client(env, town.scene.api.url(), &rights).await?;
        let uploaded = api.request(Method::POST, "/v1/operations");
        let uploaded = uploaded.header("content-type", "application/x-ndjson");
        let operation = answer(uploaded.body(text(&lines("o"))))
            .await?
            .expect(202)?;
        let location = operation.header("location").to_owned();
        town.scene.until_ended(&location, "succeeded").await?;
        let uploaded = town.scene.results(&location).await?;
        restore().await?;
        let sent = bulk(&api, &lines("b")).await?;
        restore().await?;
        for done in [uploaded, sent] {
            let results = done.results;
            ensure!(statuses(&results) == expected, "{rights:?}: {results:?}");
        }
    }
    Ok(())
}
