//! What was saved is read, by whoever waits for it.

use super::scene::{
    ODD_SKU, after, archive, document, encoded, method, platform, product, save, zone,
};
use crate::whole_path::System;
use anyhow::ensure;
use reqwest::Method;
use tests::{TestEnv, answer};

/// Of every kind: the answer of the command is what is read once its position is
/// there, byte by byte the same JSON; a version is waited for as well.
pub async fn what_is_saved_is_what_is_read(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let odd = format!("/v1/products/{}", encoded(ODD_SKU));
    for (path, first, second) in [
        (
            "/v1/platforms/web-2",
            platform("Web"),
            platform("The web shop"),
        ),
        (&odd, product("A lamp"), product("A red lamp")),
        ("/v1/shipping/zones/uk", zone("GB"), zone("IE")),
        (
            "/v1/shipping/methods/standard",
            method(&["uk"]),
            method(&["uk", "eu"]),
        ),
    ] {
        let saved = save(&system.commands, path, &first).await?;
        let read = after(&system, path, &saved).await?.expect(200)?;
        ensure!(
            read.json == document(&saved),
            "{} {}",
            read.json,
            saved.json
        );
        let etag = read.header("etag").to_owned();
        ensure!(etag == "\"1-0\"" && read.json["version"] == 1, "{etag}");
        ensure!(read.header("orderlog-lag").starts_with("events="));
        let known = system.queries.request(Method::GET, path);
        answer(known.header("If-None-Match", &etag))
            .await?
            .expect(304)?;

        let saved = save(&system.commands, path, &second).await?;
        ensure!(saved.json["version"] == 2, "{}", saved.json);
        let read = system.queries.request(
            Method::GET,
            &format!("{path}?min_version=2&fields=version,archived"),
        );
        let read = answer(read.header("Prefer", "wait=20, handling=strict"));
        let read = read.await?.expect(200)?;
        let expected = serde_json::json!({"version": 2, "archived": false});
        ensure!(read.json == expected, "{}", read.json);

        // What is archived is still read by its key.
        let archived = archive(&system.commands, path).await?;
        let read = after(&system, path, &archived).await?.expect(200)?;
        ensure!(read.json["archived"] == true, "{}", read.json);
    }
    let stored = system.queries.get(&odd).await?.expect(200)?;
    ensure!(stored.json["sku"] == ODD_SKU, "{}", stored.json);
    // A position of an order is there, too, whatever is asked for.
    let placed = serde_json::json!({
        "platform": "shop", "external_id": "S-1", "currency": "GBP",
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 100}],
    });
    let placed = system.commands.post("/v1/orders", &placed).await?;
    let placed = placed.expect(201)?;
    after(&system, "/v1/products", &placed).await?.expect(200)?;
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    Ok(())
}

/// As commands tell it; and a parameter that a route does not have is named.
pub async fn what_is_not_there_is_told_by_its_kind(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    for (path, code) in [
        ("/v1/platforms/none", "platform_not_found"),
        ("/v1/products/%00%FF", "product_not_found"),
        ("/v1/shipping/zones/none", "shipping_zone_not_found"),
        ("/v1/shipping/methods/none", "shipping_method_not_found"),
    ] {
        let told = system.queries.get(path).await?.expect_problem(404, code)?;
        ensure!(!told.header("orderlog-lag").is_empty(), "{path}");
        let waits = format!("{path}?min_version=1");
        let waits = system.queries.request(Method::GET, &waits);
        let told = answer(waits.header("Prefer", "wait=0, handling=strict")).await?;
        told.expect_problem(503, "not_yet_visible")?;
    }
    for path in ["/v1/platforms?q=x", "/v1/shipping/zones?sku=x"] {
        let told = system.queries.get(path).await?;
        told.expect_problem(400, "unknown_parameter")?;
    }
    Ok(())
}
