//! `POST /v1/shipping/quotes`, of zones, methods, products and platforms that
//! were saved by commands.

mod chosen;
mod scene;

use anyhow::{Context as _, ensure};
use chosen::{
    a_draft_is_completed_while_its_quote_holds_for_it,
    an_exchange_is_held_against_the_quote_of_its_shipping, the_chosen_quote_is_told_of_the_order,
    where_charges_are_quoted_nobody_else_says_them,
};
use domain::shipping::{Consignment, Destination, Mismatch, PricedLine, Promise};
use infra::{
    clock,
    platforms::UnknownPlatform,
    postgres::pool,
    quotes::{MAX_LENGTH, PromiseError, Promises, sign, verify},
};
use libtest_mimic::Trial;
use reqwest::Method;
use scene::{Scene, basket, flat, offered, reasons};
use serde_json::{Value, json};
use tests::{TestEnv, on_servers, wait_until};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// All tests of quotes.
pub fn trials() -> Vec<Trial> {
    macro_rules! trials {
        ($($test:ident),+ $(,)?) => {
            vec![$(on_servers(
                concat!("reference::quotes::", stringify!($test)),
                async |env: &TestEnv| $test(env).await,
            )),+]
        };
    }
    trials![
        a_place_is_shipped_to_by_the_methods_of_the_narrowest_zone,
        every_method_that_does_not_ship_says_why,
        a_change_shows_in_the_next_quote_with_redis_and_without,
        what_comes_to_the_same_comes_from_the_cache_until_it_is_purged,
        a_promise_holds_for_what_was_quoted_and_for_nothing_else,
        an_order_is_held_against_the_quote_of_its_shipping,
        the_chosen_quote_is_told_of_the_order,
        a_draft_is_completed_while_its_quote_holds_for_it,
        an_exchange_is_held_against_the_quote_of_its_shipping,
        where_charges_are_quoted_nobody_else_says_them,
        prices_and_weights_are_those_of_the_catalogue,
        a_platform_that_takes_no_such_orders_is_not_quoted_for,
    ]
}

async fn a_place_is_shipped_to_by_the_methods_of_the_narrowest_zone(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    for (zone, rules) in [
        ("world", json!({"rest_of_world": true})),
        (
            "europe",
            json!({"countries": ["DE", "FR", "AT"], "rest_of_world": false}),
        ),
        (
            "germany",
            json!({"countries": ["DE"], "rest_of_world": false}),
        ),
        (
            "bavaria",
            json!({"regions": ["DE-BY"], "rest_of_world": false}),
        ),
        (
            "munich",
            json!({
                "postal_codes": [{"country": "DE", "from": "80000", "to": "81999"}],
                "rest_of_world": false,
            }),
        ),
        (
            "island",
            json!({"postal_codes": [{"country": "DE", "prefix": "80999"}], "rest_of_world": false}),
        ),
    ] {
        scene.zone(zone, &rules).await?;
        scene.method(zone, &flat(&[zone], 500)).await?;
    }
    for (place, zone) in [
        (json!({"country": "BR"}), "world"),
        (json!({"country": "FR", "postal_code": "80331"}), "europe"),
        (json!({"country": "DE"}), "germany"),
        (
            json!({"country": "DE", "region": "BE", "postal_code": "10115"}),
            "germany",
        ),
        (json!({"country": "de", "region": "by"}), "bavaria"),
        (
            json!({"country": "DE", "region": "BY", "postal_code": "80331"}),
            "munich",
        ),
        (json!({"country": "DE", "postal_code": "80 999"}), "island"),
    ] {
        let mut body = basket(&json!([{"sku": "LAMP", "quantity": 1}]));
        body["destination"] = place.clone();
        let quote = scene.quote(&body).await?;
        ensure!(quote.json["zone"] == zone, "{place}: {}", quote.json);
        ensure!(offered(&quote.json) == [zone], "{place}: {}", quote.json);
        let others = quote.json["refused"].as_array().context("a list")?;
        let others = others.iter().map(|other| &other["reasons"][0]["code"]);
        ensure!(others.clone().count() == 5 && others.clone().all(|code| code == "zone_mismatch"));
    }
    // Out of use, it is as if it were not there.
    scene.archive("/v1/shipping/zones/munich").await?;
    let mut body = basket(&json!([{"sku": "LAMP", "quantity": 1}]));
    body["destination"] = json!({"country": "DE", "region": "BY", "postal_code": "80331"});
    let quote = scene.quote(&body).await?;
    ensure!(quote.json["zone"] == "bavaria", "{}", quote.json);
    Ok(())
}

/// Methods by name, what each has beside the usual, and why two lamps of 1,200 g
/// at 10.00 are not shipped by it.
fn refusals() -> Vec<(&'static str, Value, Value)> {
    let rate = |change: Value| {
        let mut rate = json!({"currency": "EUR", "charge": {"kind": "flat", "amount": 500}});
        for (name, value) in change.as_object().into_iter().flatten() {
            rate[name] = value.clone();
        }
        json!({"rates": [rate]})
    };
    let tiers = |kind: &str| {
        let tiers = json!([{"up_to": 1_500, "amount": 1}]);
        rate(json!({"charge": {"kind": kind, "tiers": tiers}}))
    };
    let dear = json!({"kind": "per_item", "amount": i64::MAX});
    vec![
        ("ships", json!({}), json!([])),
        ("archived", json!({}), json!([{"code": "archived"}])),
        (
            "zone",
            json!({"zones": ["france"]}),
            json!([{"code": "zone_mismatch", "zone": "germany"}]),
        ),
        (
            "platform",
            json!({"platforms": ["shop"]}),
            json!([{"code": "platform_mismatch", "platform": "web"}]),
        ),
        (
            "currency",
            rate(json!({"currency": "GBP"})),
            json!([{"code": "no_rate_in_currency", "currency": "EUR"}]),
        ),
        (
            "excluded",
            json!({"excluded_skus": ["LAMP", "DESK"]}),
            json!([{"code": "excluded_sku", "skus": ["LAMP"]}]),
        ),
        (
            "light",
            json!({"min_weight_grams": 2_401}),
            json!([{"code": "below_min_weight", "min": 2_401}]),
        ),
        (
            "heavy",
            json!({"max_weight_grams": 2_399}),
            json!([{"code": "above_max_weight", "max": 2_399}]),
        ),
        (
            "unit",
            json!({"max_parcel_weight_grams": 1_199}),
            json!([{"code": "unit_above_parcel_weight", "skus": ["LAMP"], "max": 1_199}]),
        ),
        (
            "tariff",
            tiers("weight_tiers"),
            json!([{"code": "above_weight_tiers", "max": 1_500}]),
        ),
        (
            "cheap",
            rate(json!({"min_subtotal": 2_001})),
            json!([{"code": "below_min_subtotal", "min": 2_001}]),
        ),
        (
            "dear",
            rate(json!({"max_subtotal": 1_999})),
            json!([{"code": "above_max_subtotal", "max": 1_999}]),
        ),
        (
            "share",
            tiers("subtotal_tiers"),
            json!([{"code": "above_subtotal_tiers", "max": 1_500}]),
        ),
        (
            "overflow",
            rate(json!({"charge": dear})),
            json!([{"code": "amount_overflow"}]),
        ),
        (
            "all",
            json!({"zones": ["france"], "excluded_skus": ["LAMP"], "max_weight_grams": 1}),
            json!([
                {"code": "zone_mismatch", "zone": "germany"},
                {"code": "excluded_sku", "skus": ["LAMP"]},
                {"code": "above_max_weight", "max": 1},
            ]),
        ),
    ]
}

async fn every_method_that_does_not_ship_says_why(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    scene.germany().await?;
    scene
        .zone(
            "france",
            &json!({"countries": ["FR"], "rest_of_world": false}),
        )
        .await?;
    let table = refusals();
    for (name, change, _) in &table {
        let mut method = flat(&["germany"], 500);
        for (member, value) in change.as_object().into_iter().flatten() {
            method[member] = value.clone();
        }
        scene.method(name, &method).await?;
    }
    scene.archive("/v1/shipping/methods/archived").await?;
    let quote = scene
        .quote(&basket(&json!([{"sku": "LAMP", "quantity": 2}])))
        .await?;
    ensure!(offered(&quote.json) == ["ships"], "{}", quote.json);
    for (name, _, expected) in &table[1..] {
        let told = reasons(&quote.json, name)?;
        ensure!(told == *expected, "{name}: {told}");
    }
    // Of an article that nobody knows the weight is not known.
    let unknown = json!([{"sku": "OTHER", "quantity": 1, "unit_price": 2_000}]);
    let quote = scene.quote(&basket(&unknown)).await?;
    let expected = json!([{"code": "weight_unknown", "skus": ["OTHER"]}]);
    for name in ["light", "heavy", "unit", "tariff"] {
        let told = reasons(&quote.json, name)?;
        ensure!(told == expected, "{name}: {told}");
    }
    Ok(())
}

async fn a_change_shows_in_the_next_quote_with_redis_and_without(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    scene.germany().await?;
    let body = basket(&json!([{"sku": "LAMP", "quantity": 1}]));
    for amount in 1..=12 {
        match amount {
            5 => scene.redis.refuse(),
            9 => scene.redis.accept(),
            _ => {}
        }
        let method = flat(&["germany"], amount);
        let position = scene.put("/v1/shipping/methods/parcel", &method).await?;
        for _ in 0..3 {
            let quote = scene.quote_after(&position, &body).await?.expect(200)?;
            ensure!(
                quote.json["offers"][0]["amount"] == amount,
                "{}",
                quote.json
            );
        }
    }
    // A platform whose prices contain their tax has it in the charge.
    let mut taxed = flat(&["germany"], 1_190);
    taxed["tax_rate"] = json!("19");
    scene.method("parcel", &taxed).await?;
    for (included, tax, total) in [(false, 226, 1_416), (true, 190, 1_190)] {
        scene
            .platform("web", &json!({"prices_include_tax": included}))
            .await?;
        let offer = scene.quote(&body).await?.json["offers"][0].clone();
        ensure!(offer["tax"] == tax && offer["total"] == total, "{offer}");
    }
    Ok(())
}

async fn what_comes_to_the_same_comes_from_the_cache_until_it_is_purged(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    scene.germany().await?;
    scene.method("parcel", &flat(&["germany"], 500)).await?;
    let lamp = |quantity: i64| json!({"sku": "LAMP", "quantity": quantity});
    let desk = json!({"sku": "DESK", "quantity": 1, "unit_price": 20_000});
    let first = basket(&json!([lamp(3), desk]));
    let without_promises = |mut quote: Value| {
        for offer in quote["offers"].as_array_mut().into_iter().flatten() {
            offer["quote"].take();
        }
        quote["expires_at"].take();
        quote
    };
    let quote = scene.quote(&first).await?;
    ensure!(quote.header("cache-status") == "orderlog; fwd=miss");
    ensure!(quote.header("cache-control") == "private, no-cache");
    let computed = without_promises(quote.json);
    for (lines, place) in [
        (json!([desk, lamp(3)]), json!({"country": "DE"})),
        (json!([lamp(1), desk, lamp(2)]), json!({"country": "DE"})),
        // In the same zone.
        (
            json!([desk, lamp(3)]),
            json!({"country": "DE", "postal_code": "80331"}),
        ),
    ] {
        let mut same = basket(&lines);
        same["destination"] = place;
        let quote = wait_until("a quote from the cache", async || {
            let quote = scene.quote(&same).await?;
            Ok((quote.header("cache-status") == "orderlog; hit").then_some(quote))
        });
        let found = without_promises(quote.await?.json);
        ensure!(found == computed, "{found} / {computed}");
    }
    let other = scene.quote(&basket(&json!([lamp(4), desk]))).await?;
    ensure!(other.header("cache-status") == "orderlog; fwd=miss");

    let figures = scene.queries.get("/v1/admin/cache").await?.expect(200)?;
    let mut families = figures.json["families"].as_array().into_iter().flatten();
    let quotes = families.find(|family| family["family"] == "quotes");
    let hits = quotes.context("there is no such family")?["hits"].as_u64();
    ensure!(hits >= Some(3), "{}", figures.json);
    let purge = async |prefix: &str| -> anyhow::Result<Value> {
        let purged = [
            "cache", "purge", "--json", "--family", "quotes", "--prefix", prefix,
        ];
        let purged = env.orderlog_ok(&purged).await?;
        Ok(serde_json::from_str::<Value>(&purged)?["purged"].clone())
    };
    ensure!(purge("shop:").await? == 0 && purge("web:").await? == 2);
    let again = scene.quote(&first).await?;
    ensure!(again.header("cache-status") == "orderlog; fwd=miss");
    scene.redis.refuse();
    let without = scene.quote(&first).await?;
    ensure!(without.header("cache-status") == "orderlog; fwd=bypass");
    ensure!(without_promises(without.json) == computed);
    Ok(())
}

async fn a_promise_holds_for_what_was_quoted_and_for_nothing_else(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    scene.germany().await?;
    scene.method("parcel", &flat(&["germany"], 400)).await?;
    scene.method("parcel", &flat(&["germany"], 500)).await?;
    let lines =
        json!([{"sku": "LAMP", "quantity": 2, "discount": 100}, {"sku": "GIFT", "quantity": 1}]);
    let mut body = basket(&lines);
    body["destination"] = json!({"country": "DE", "region": "BY", "postal_code": "80331"});
    let quote = scene.quote(&body).await?.json;
    let text = quote["offers"][0]["quote"].as_str().context("a promise")?;
    ensure!(text.len() <= MAX_LENGTH && text.bytes().all(|b| b.is_ascii_graphic()));
    let expires_at = quote["expires_at"].as_str().context("a time")?;
    let expires_at = OffsetDateTime::parse(expires_at, &Rfc3339)?;

    // As whoever takes orders reads it: by the secret of all instances.
    let promises = Promises::new(&env.config, pool(&env.config.ops_url, 1)?);
    let secret = promises.secret().await?;
    let promise: Promise = verify(secret, text, clock::now())?;
    let over = verify::<Promise>(secret, text, expires_at);
    ensure!(over == Err(PromiseError::Expired { at: expires_at }));
    ensure!((promise.amount, promise.tax) == (500, 0));
    ensure!(promise.method.is("parcel") && promise.name.text() == Some("parcel"));
    let from = promise.from;
    ensure!(
        (from.method, from.zone, from.platform) == (2, 1, 1),
        "{from:?}"
    );

    let line = |sku: &str, quantity: i64, price: &str, discount: i64| -> anyhow::Result<_> {
        Ok(PricedLine {
            sku: sku.try_into()?,
            quantity,
            unit_price: price.parse()?,
            discount,
        })
    };
    let covers = |lines: &[PricedLine], postal_code: &str| -> anyhow::Result<_> {
        let place = Destination::new("DE".to_owned().try_into()?, Some("by"), Some(postal_code));
        let euro = "EUR".parse()?;
        Ok(promise.covers(&Consignment::new("web", euro, lines, place)))
    };
    let gift = line("GIFT", 1, "50", 0)?;
    let lamps = line("LAMP", 2, "10.00", 100)?;
    let same = covers(&[gift.clone(), lamps.clone()], "80-331")?;
    ensure!(same == Ok(()), "{same:?}");
    let more = line("LAMP", 3, "10", 100)?;
    ensure!(covers(&[gift.clone(), more], "80331")? == Err(Mismatch::Lines));
    ensure!(covers(std::slice::from_ref(&lamps), "80331")? == Err(Mismatch::Lines));
    ensure!(covers(&[gift, lamps], "80332")? == Err(Mismatch::Destination));
    let mut forged = text.to_owned().into_bytes();
    forged[50] = if forged[50] == b'A' { b'B' } else { b'A' };
    let forged = verify::<Promise>(secret, &String::from_utf8(forged)?, clock::now());
    ensure!(forged == Err(PromiseError::Forged), "{forged:?}");
    Ok(())
}

async fn an_order_is_held_against_the_quote_of_its_shipping(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    scene.germany().await?;
    scene.method("parcel", &flat(&["germany"], 499)).await?;
    let mut asked = basket(&json!([{"sku": "LAMP", "quantity": 2}]));
    asked["destination"] = json!({"country": "DE", "postal_code": "10115"});
    let offer = scene.quote(&asked).await?.json["offers"][0].clone();
    let order = json!({
        "platform": "web", "currency": "EUR", "lines": [{"sku": "LAMP", "quantity": 2}],
        "shipping": {"method": "parcel", "name": "parcel", "amount": 499, "quote": offer["quote"]},
        "shipping_address": {"name": "Ada", "city": "Berlin", "postal_code": "10115", "country": "DE"},
    });
    // What was promised holds, whatever it costs by now.
    scene.method("parcel", &flat(&["germany"], 999)).await?;
    let placed = scene
        .commands
        .post("/v1/orders", &order)
        .await?
        .expect(201)?;
    ensure!(placed.json["totals"]["shipping"] == 499, "{}", placed.json);
    for (pointer, value, part) in [
        ("/shipping/amount", json!(1), "amount"),
        ("/shipping/method", json!("express"), "method"),
        ("/lines/0/quantity", json!(3), "lines"),
        (
            "/shipping_address/postal_code",
            json!("10117"),
            "destination",
        ),
        ("/shipping_address", json!(null), "destination"),
    ] {
        let mut other = order.clone();
        *other.pointer_mut(pointer).context(pointer)? = value;
        let refused = scene.commands.post("/v1/orders", &other).await?;
        let refused = refused.expect_problem(409, "quote_mismatch")?.json;
        ensure!(refused["part"] == part, "{refused}");
        ensure!(refused["errors"][0]["pointer"] == "/shipping/quote");
    }
    let mut invented = order.clone();
    invented["shipping"]["quote"] = json!("bm8gc3VjaCBxdW90ZQ");
    scene
        .commands
        .post("/v1/orders", &invented)
        .await?
        .expect_problem(422, "quote_invalid")?;
    // It was promised, and its time is over: the same, signed as it was back then.
    let promises = Promises::new(&env.config, pool(&env.config.ops_url, 1)?);
    let secret = promises.secret().await?;
    let text = offer["quote"].as_str().context("a promise")?;
    let promise: Promise = verify(secret, text, clock::now())?;
    let over = clock::now() - time::Duration::SECOND;
    let mut late = order.clone();
    late["shipping"]["quote"] = json!(sign(secret, &promise, over)?);
    let refused = scene.commands.post("/v1/orders", &late).await?;
    let refused = refused.expect_problem(409, "quote_expired")?.json;
    ensure!(
        refused["errors"][0]["pointer"] == "/shipping/quote" && refused["expired_at"].is_string(),
        "{refused}"
    );
    Ok(())
}

async fn prices_and_weights_are_those_of_the_catalogue(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    scene.germany().await?;
    let by_weight = json!({
        "name": "parcel", "zones": ["germany"], "rates": [{
            "currency": "EUR",
            "charge": {"kind": "weight_tiers", "tiers": [
                {"up_to": 1_200, "amount": 300}, {"amount": 900},
            ]},
        }],
    });
    scene.method("parcel", &by_weight).await?;
    let lamp = basket(&json!([{"sku": "LAMP", "quantity": 1}]));
    let quote = scene.quote(&lamp).await?.json;
    ensure!(
        quote["subtotal"] == 1_000 && quote["offers"][0]["amount"] == 300,
        "{quote}"
    );
    // Heavier, and with a price of its own on the platform.
    let prices = json!([
        {"currency": "EUR", "unit_price": 1_000},
        {"platform": "web", "currency": "EUR", "unit_price": "8.50"},
    ]);
    let heavier = json!({
        "title": "A lamp", "weight_grams": 1_201, "requires_shipping": true, "prices": prices,
    });
    let position = scene.put("/v1/products/LAMP", &heavier).await?;
    let quote = scene.quote_after(&position, &lamp).await?.expect(200)?.json;
    ensure!(
        quote["subtotal"] == 850 && quote["offers"][0]["amount"] == 900,
        "{quote}"
    );

    // A gift of paper goes into no parcel, and is not shipped for anything.
    let gift = basket(&json!([{"sku": "GIFT", "quantity": 1}]));
    let quote = scene.quote(&gift).await?.json;
    ensure!(
        quote["requires_shipping"] == false && quote["subtotal"] == 0,
        "{quote}"
    );
    ensure!(
        quote["offers"] == json!([]) && quote["refused"] == json!([]),
        "{quote}"
    );
    let both = json!([{"sku": "GIFT", "quantity": 1}, {"sku": "LAMP", "quantity": 1}]);
    let quote = scene.quote(&basket(&both)).await?.json;
    ensure!(
        quote["requires_shipping"] == true && quote["subtotal"] == 850,
        "{quote}"
    );

    let unknown = basket(&json!([{"sku": "LAMP", "quantity": 1}, {"sku": "OTHER", "quantity": 1}]));
    let refused = scene
        .ask(&unknown)
        .await?
        .expect_problem(422, "price_unknown")?;
    let errors = &refused.json["errors"];
    ensure!(
        errors[0]["pointer"] == "/lines/1/unit_price" && errors[1].is_null(),
        "{errors}"
    );
    Ok(())
}

async fn a_platform_that_takes_no_such_orders_is_not_quoted_for(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    scene.germany().await?;
    let mut taxed = flat(&["germany"], 500);
    taxed["tax_rate"] = json!("19");
    scene.method("parcel", &taxed).await?;
    let body = basket(&json!([{"sku": "LAMP", "quantity": 1}]));
    let mut unknown = body.clone();
    unknown["platform"] = json!("somewhere");
    let refused = scene.ask(&unknown).await?;
    let refused = refused.expect_problem(422, "platform_not_found")?;
    ensure!(refused.json["errors"][0]["pointer"] == "/platform");
    ensure!(refused.json["platform"] == "somewhere", "{}", refused.json);
    // Where platforms are made because somebody names them, and where the
    // configuration knows it.
    for (configured, unknown_platform, tax) in [
        (json!({}), UnknownPlatform::Create, 95),
        (json!({"somewhere": {}}), UnknownPlatform::Refuse, 95),
        (
            json!({"default": {"prices_include_tax": true}}),
            UnknownPlatform::Refuse,
            80,
        ),
    ] {
        let platforms = serde_json::from_value(configured)?;
        let read_api = env.role("read-api").config(|config| {
            config.platforms = platforms;
            config.unknown_platform = unknown_platform;
        });
        let mut read_api = read_api.spawn()?;
        read_api.ready().await?;
        let queries = scene.queries.at(&read_api);
        let quote = queries.post("/v1/shipping/quotes", &unknown).await?;
        let quote = quote.expect(200)?.json;
        ensure!(quote["offers"][0]["tax"] == tax, "{quote}");
    }

    scene.platform("web", &json!({"currency": "GBP"})).await?;
    let refused = scene
        .ask(&body)
        .await?
        .expect_problem(422, "platform_currency")?;
    ensure!(refused.json["expected"] == "GBP", "{}", refused.json);
    scene.platform("web", &json!({"active": false})).await?;
    scene
        .ask(&body)
        .await?
        .expect_problem(409, "platform_inactive")?;
    scene.archive("/v1/platforms/web").await?;
    scene
        .ask(&body)
        .await?
        .expect_problem(409, "platform_archived")?;
    let nobody = reqwest::Client::new()
        .request(
            Method::POST,
            format!("{}/v1/shipping/quotes", scene.queries.url()),
        )
        .json(&body);
    tests::answer(nobody)
        .await?
        .expect_problem(401, "unauthorized")?;
    Ok(())
}
