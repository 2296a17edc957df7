//! `GET /v1/orders?q=`.

use super::{
    lists::pages,
    views::{Views, ids_of},
};
use crate::whole_path::System;
use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{TestEnv, answer};

super::suite![
    an_order_is_found_by_what_it_has_and_only_while_it_has_it,
    a_search_is_a_list_like_any_other,
    what_has_a_meaning_to_sql_has_none_here,
    a_search_that_is_too_long_or_empty_is_refused,
];

/// GET of a list, once the views have `position`.
async fn found(system: &System, q: &str, position: &str) -> anyhow::Result<Vec<String>> {
    let path = format!("/v1/orders?q={q}&min_position={position}");
    let request = system.queries.request(Method::GET, &path);
    let request = request.header("Prefer", "wait=20, handling=strict");
    Ok(ids_of(&answer(request).await?.expect(200)?))
}

fn position(answer: &Value) -> anyhow::Result<String> {
    let position = answer["position"].as_str();
    Ok(position.context("no position")?.to_owned())
}

async fn an_order_is_found_by_what_it_has_and_only_while_it_has_it(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let order = |external_id: &str, customer: Value, sku: &str, name: &str| {
        json!({
            "platform": "web", "external_id": external_id, "currency": "GBP",
            "customer": customer,
            "lines": [{"sku": sku, "name": name, "quantity": 1, "unit_price": 250}],
            "shipping_address": {
                "name": "R. Ceiver", "line1": "12 Sankt-Jörgens Väg", "city": "Malmö",
                "postal_code": "211 22", "country": "SE"
            },
        })
    };
    let ada = json!({"id": "c-1", "name": "Ada Lovelace", "email": "ada.byron@example.com"});
    let grace = json!({"id": "c-2", "name": "Grace Hopper", "email": "grace@navy.example"});
    let first = order("W-77", ada, "LMP-0042/B", "Brass reading lamp");
    let first = system
        .commands
        .post("/v1/orders", &first)
        .await?
        .expect(201)?;
    let second = order("W-78", grace, "CHR-7", "Folding chair");
    let second = system
        .commands
        .post("/v1/orders", &second)
        .await?
        .expect(201)?;
    let number = first.json["number"].as_str().context("a number")?;
    let id = first.json["order_id"].as_str().context("an id")?.to_owned();
    let both = position(&second.json)?;
    for q in [
        number,
        "W-77",
        "lovelace",
        "ADA+love",
        "Ada.Byron@example.com",
        "byron@ex",
        "LMP-0042",
        "0042",
        "reading+brass",
        "lamp+malmo",
        // With a mistake, or two in long words.
        "lovelase",
        "lovealce",
        "readnig+lmap",
        "bras",
    ] {
        let ids = found(&system, q, &position(&first.json)?).await?;
        ensure!(ids.contains(&id), "{q}: {ids:?}");
    }
    for (q, orders) in [
        ("sankt+jorgens", 2),
        ("211+22", 2),
        ("lamp+hopper", 0),
        ("lamp+chair", 0),
        ("0043", 0),
        ("love+lovelacy", 1),
        ("velace", 0),
        ("lovlas", 0),
    ] {
        let ids = found(&system, q, &both).await?;
        ensure!(ids.len() == orders, "{q}: {ids:?}");
    }

    // Somebody else's from here on, and the words of the first one are gone.
    let path = format!("/v1/orders/{id}/customer");
    let other = json!({"id": "c-3", "name": "Emmy Noether"});
    let request = system.commands.request(Method::PUT, &path).json(&other);
    let assigned = position(&answer(request).await?.expect(200)?.json)?;
    ensure!(found(&system, "noeter+lamp", &assigned).await? == [id]);
    for q in ["lovelace", "lovelase", "byron"] {
        ensure!(found(&system, q, &assigned).await?.is_empty(), "{q}");
    }
    let views = infra::postgres::pool(&env.config.views_url, 1)?;
    let known = "SELECT word FROM order_words WHERE word IN ('lovelace', 'byron', 'example', \
        'noether', 'malmo') GROUP BY word ORDER BY word";
    let known: Vec<String> = sqlx::query_scalar(known).fetch_all(&views).await?;
    ensure!(known == ["example", "malmo", "noether"], "{known:?}");
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    Ok(())
}

/// Every third order has a lamp, the others a stool; every fourth is for the
/// same person.
const WORDS: &str = "
    INSERT INTO order_search (order_id, \"partition\", created_at, words)
    SELECT id, \"partition\", created_at, array_to_tsvector(ARRAY[lower(number),
           CASE substr(number, 2)::int % 3 WHEN 0 THEN 'lamp' ELSE 'stool' END,
           (ARRAY['lovelace', 'hopper', 'noether', 'love'])[substr(number, 2)::int % 4 + 1]])
      FROM orders";
const DICTIONARY: &str = "
    INSERT INTO order_words SELECT DISTINCT word, \"partition\"
      FROM order_search, unnest(tsvector_to_array(words)) word WHERE word ~ '^[a-z]{4,}$'";

async fn with_words(env: &TestEnv, orders: i32) -> anyhow::Result<Views> {
    let views = Views::with_orders(env, orders).await?;
    views.execute(WORDS).await?;
    views.execute(DICTIONARY).await?;
    Ok(views)
}

const NUMBER: &str = "substr(number, 2)::int";

async fn a_search_is_a_list_like_any_other(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_words(env, 120).await?;
    for (query, condition, order) in [
        ("q=lamp", "NUMBER % 3 = 0", ""),
        ("q=LAMP&sort=created_at", "NUMBER % 3 = 0", "created_at, id"),
        (
            "q=lapm&sort=-total",
            "NUMBER % 3 = 0",
            "total DESC, id DESC",
        ),
        ("q=stol&sort=total,-id", "NUMBER % 3 <> 0", "total, id DESC"),
        ("q=love", "NUMBER % 4 IN (0, 3)", ""),
        ("q=lovelase", "NUMBER % 4 = 0", ""),
        (
            "q=hoper+lamp&sort=-created_at,id",
            "NUMBER % 12 = 9",
            "created_at DESC, id",
        ),
        (
            "q=noether&platform=web,shop&status=cancelled&sku=S,2",
            "NUMBER % 4 = 2 AND platform IN ('web', 'shop') AND status = 'cancelled' \
             AND NUMBER % 5 = 2",
            "",
        ),
        ("q=n1", "number LIKE 'N1%'", ""),
        ("q=n120", "number = 'N120'", ""),
        ("q=n121", "false", ""),
    ] {
        let condition = condition.replace("NUMBER", NUMBER);
        let order = if order.is_empty() {
            "created_at DESC, id DESC"
        } else {
            order
        };
        let expected = views.ids(&format!("{condition} ORDER BY {order}")).await?;
        let pages = pages(&views, &format!("limit=7&{query}")).await?;
        let listed: Vec<_> = pages.iter().flat_map(ids_of).collect();
        ensure!(listed == expected, "{query}: {} orders", listed.len());
        let told = format!("/v1/orders?count=exact&facets=status,country&limit=1&{query}");
        let told = views.api.get(&told).await?.expect(200)?.json;
        ensure!(told["count"] == expected.len(), "{query}: {told}");
        let facet = told["facets"]["country"].as_object().context("a facet")?;
        let sum: i64 = facet.values().filter_map(Value::as_i64).sum();
        ensure!(usize::try_from(sum)? == expected.len(), "{query}: {told}");
    }
    // A cursor belongs to its words, however they are written.
    let first = views.api.get("/v1/orders?limit=5&q=lamp+hopper").await?;
    let cursor = first.json["next_cursor"]
        .as_str()
        .context("more")?
        .to_owned();
    for (q, status) in [("Hopper%20LAMP", 200), ("lamp", 400), ("lapm+hopper", 400)] {
        let path = format!("/v1/orders?limit=5&q={q}&cursor={cursor}");
        views.api.get(&path).await?.expect(status)?;
    }
    Ok(())
}

async fn what_has_a_meaning_to_sql_has_none_here(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_words(env, 24).await?;
    let lamps = views.ids(&format!("{NUMBER} % 3 = 0")).await?.len();
    for (q, orders) in [
        ("lamp%25", lamps),
        ("lamp%27)%20%7C%20(%27stool", 0),
        ("!lamp", lamps),
        ("lamp:*", lamps),
        ("%27lamp%27:A", 0),
        ("lam_", lamps),
        ("l%25mp", 0),
        ("lamp%20%26%20!stool", 0),
        ("lamp%5C", lamps),
        ("lamp%27%3B%20DROP%20TABLE%20orders%3B--", 0),
        ("%24%24lamp%24%24", lamps),
        ("%F0%9F%92%A1%20lamp", lamps),
    ] {
        let page = views
            .api
            .get(&format!("/v1/orders?limit=200&q={q}"))
            .await?;
        let listed = ids_of(&page.expect(200)?).len();
        ensure!(listed == orders, "{q}: {listed} of {orders}");
    }
    Ok(())
}

async fn a_search_that_is_too_long_or_empty_is_refused(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    let long = "x".repeat(201);
    let longer = "lamp%20".repeat(1_000);
    for q in [
        "",
        "%25",
        "_%20%27--",
        "a%00b",
        "a&q=b",
        "a+b+c+d+e+f+g+h+i+j+k",
        &long,
        &longer,
    ] {
        let refused = views.api.get(&format!("/v1/orders?q={q}")).await?;
        let refused = refused.expect_problem(400, "invalid_parameter")?;
        ensure!(
            refused.json["errors"][0]["parameter"] == "q",
            "{}",
            refused.json
        );
    }
    Ok(())
}
