//! `expand=`: what belongs to orders, beside them.

use super::views::Views;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tests::{TestEnv, wait_until};

super::suite![
    a_list_is_lean_and_has_what_is_asked_for,
    related_data_takes_one_statement_per_kind,
    one_order_has_what_is_asked_for,
    what_cannot_be_expanded_is_refused_by_name,
];

/// Documents as the projection writes them, as far as it matters here.
const DOCUMENTS: &str = "
    UPDATE orders SET customer_id = 'c' || length(number), version = 2,
        summary = json_build_object('id', id, 'number', number, 'version', 2,
            'customer', json_build_object('id', 'c' || length(number), 'name', 'Ada'))::text,
        document = json_build_object('id', id, 'number', number, 'version', 2,
            'customer', json_build_object('id', 'c' || length(number), 'name', 'Ada'),
            'lines', json_build_array(json_build_object('id', 'l1', 'sku', 'S' || number)),
            'payments', json_build_array(json_build_object('id', 'p1')),
            'fulfillments', '[]'::json, 'returns', '[]'::json)::text";
/// The third is one that the documents do not know yet.
const EVENTS: &str = "
    INSERT INTO order_events (order_id, version, entry)
    SELECT id, n, json_build_object('version', n)::text FROM orders, generate_series(1, 3) n";
const CUSTOMERS: &str = "
    INSERT INTO customer_statistics (platform, customer, day, currency, \"partition\", orders,
        cancelled, units, revenue, captured, refunded, charged_back, credited)
    SELECT platform, customer, day, currency, n, 1, 0, 2, 100, 90, 10, 0, 0
      FROM unnest(ARRAY['web', 'shop', 'amazon']) platform, unnest(ARRAY['c2', 'c3']) customer,
           unnest(ARRAY['GBP', 'EUR']) currency, unnest(ARRAY['2026-01-01', '2026-01-02']::date[]) day,
           generate_series(0, 1) n";

async fn with_parts(env: &TestEnv, orders: i32) -> anyhow::Result<Views> {
    let views = Views::start_told(env, |config| {
        "info,sqlx=debug".clone_into(&mut config.log);
    })
    .await?;
    views.add_orders(1, orders).await?;
    for sql in [DOCUMENTS, EVENTS, CUSTOMERS] {
        views.execute(sql).await?;
    }
    Ok(views)
}

/// What `c2` and `c3` ordered, on each platform.
fn statistics() -> Value {
    let of = |currency: &str| {
        json!({"currency": currency, "orders": 4, "cancelled": 0, "units": 8, "revenue": 400,
            "captured": 360, "refunded": 40, "first_order": "2026-01-01", "last_order": "2026-01-02"})
    };
    json!([of("EUR"), of("GBP")])
}

fn customer(number: &str) -> Value {
    json!({"id": format!("c{}", number.len()), "name": "Ada", "statistics": statistics()})
}

fn events() -> Value {
    json!({"data": [{"version": 1}, {"version": 2}], "has_more": false})
}

fn rows(page: &Value) -> anyhow::Result<&Vec<Value>> {
    page["data"].as_array().context("a page")
}

async fn a_list_is_lean_and_has_what_is_asked_for(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_parts(env, 30).await?;
    let lean = views.api.get("/v1/orders").await?.expect(200)?;
    for row in rows(&lean.json)? {
        ensure!(row.as_object().is_some_and(|row| row.len() == 4), "{row}");
    }
    let path = "/v1/orders?expand=lines,payments,fulfillments,returns,customer,events";
    let whole = views.api.get(path).await?.expect(200)?;
    for (row, lean) in rows(&whole.json)?.iter().zip(rows(&lean.json)?) {
        let number = row["number"].as_str().context("a number")?;
        let mut expected = lean.clone();
        expected["lines"] = json!([{"id": "l1", "sku": format!("S{number}")}]);
        expected["payments"] = json!([{"id": "p1"}]);
        (expected["fulfillments"], expected["returns"]) = (json!([]), json!([]));
        (expected["customer"], expected["events"]) = (customer(number), events());
        ensure!(*row == expected, "{row}");
    }
    // `fields` is about the rest.
    let path = "/v1/orders?fields=number&expand=lines&expand=customer&limit=1";
    let some = views.api.get(path).await?.expect(200)?;
    let row = &rows(&some.json)?[0];
    let number = row["number"].as_str().context("a number")?;
    let expected = json!({"number": number, "lines": [{"id": "l1", "sku": format!("S{number}")}],
        "customer": customer(number)});
    ensure!(*row == expected, "{row}");

    // Its tag is of what customers came to as well.
    let again = views
        .get_with(path, "If-None-Match", some.header("etag"))
        .await?;
    again.expect(304)?;
    views
        .execute("UPDATE customer_statistics SET revenue = 1")
        .await?;
    let changed = views
        .get_with(path, "If-None-Match", some.header("etag"))
        .await?;
    changed.expect(200)?;
    Ok(())
}

/// How many statements about orders the read API has sent so far.
fn statements(views: &Views) -> usize {
    let log = views.role.log();
    let sent = log.lines().filter(|line| line.contains("sqlx::query"));
    sent.filter(|line| line.contains("FROM orders") || line.contains("order_events"))
        .count()
}

async fn related_data_takes_one_statement_per_kind(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_parts(env, 60).await?;
    for (query, expected) in [
        ("limit=1", 1),
        ("limit=50", 1),
        ("limit=50&expand=lines,payments,fulfillments,returns", 1),
        ("limit=50&expand=events", 2),
        (
            "limit=1&expand=lines,payments,fulfillments,returns,customer,events",
            3,
        ),
        (
            "limit=50&expand=lines,payments,fulfillments,returns,customer,events",
            3,
        ),
    ] {
        let before = statements(&views);
        let page = views
            .api
            .get(&format!("/v1/orders?{query}"))
            .await?
            .expect(200)?;
        ensure!(!rows(&page.json)?.is_empty());
        // What is logged is written by a thread of its own.
        let sent = wait_until(query, async || {
            let sent = statements(&views) - before;
            Ok((sent >= expected).then_some(sent))
        })
        .await?;
        ensure!(
            sent == expected,
            "{query}: {sent} statements for {expected}"
        );
    }
    Ok(())
}

async fn one_order_has_what_is_asked_for(env: &TestEnv) -> anyhow::Result<()> {
    let views = with_parts(env, 12).await?;
    let id = views.ids("number = 'N10'").await?.remove(0);
    let more = "INSERT INTO order_events (order_id, version, entry) \
        SELECT id, n, json_build_object('version', n)::text FROM orders, generate_series(4, 40) n \
         WHERE number = 'N11'";
    views.execute(more).await?;
    let path = format!("/v1/orders/{id}?expand=lines,customer,events");
    let first = views.api.get(&path).await?.expect(200)?;
    let order = &first.json;
    ensure!(
        order["customer"] == customer("N10") && order["events"] == events(),
        "{order}"
    );
    ensure!(
        order["lines"][0]["sku"] == "SN10" && order["payments"][0]["id"] == "p1",
        "{order}"
    );
    let again = views
        .get_with(&path, "If-None-Match", first.header("etag"))
        .await?;
    again.expect(304)?;
    // The tag of the plain answer is none of this one.
    let plain = views
        .api
        .get(&format!("/v1/orders/{id}"))
        .await?
        .expect(200)?;
    ensure!(plain.json.get("events").is_none(), "{}", plain.json);
    let other = views
        .get_with(&path, "If-None-Match", plain.header("etag"))
        .await?;
    ensure!(other.expect(200)?.json == first.json);

    // Ids are made of external ids, where there are any.
    let made = domain::ids::order_id_of_external("shop", "X10");
    for (table, column) in [("orders", "id"), ("order_events", "order_id")] {
        let rename = format!("UPDATE {table} SET {column} = '{made}' WHERE {column} = '{id}'");
        views.execute(&rename).await?;
    }
    let path = "/v1/orders/by_external_id/shop/X10?fields=number&expand=events";
    let lean = views.api.get(path).await?.expect(200)?.json;
    ensure!(
        lean == json!({"number": "N10", "events": events()}),
        "{lean}"
    );
    views
        .execute("UPDATE orders SET version = 40 WHERE number = 'N11'")
        .await?;
    let id = views.ids("number = 'N11'").await?.remove(0);
    let long = views
        .api
        .get(&format!("/v1/orders/{id}?expand=events"))
        .await?;
    let long = &long.expect(200)?.json["events"];
    ensure!(
        long["has_more"] == true && rows(long)?.len() == 25,
        "{long}"
    );
    let nobody = format!("/v1/orders/{}?expand=events", uuid::Uuid::from_u128(7));
    views
        .api
        .get(&nobody)
        .await?
        .expect_problem(404, "order_not_found")?;
    Ok(())
}

async fn what_cannot_be_expanded_is_refused_by_name(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 1).await?;
    let id = views.ids("true").await?.remove(0);
    for path in ["/v1/orders".to_owned(), format!("/v1/orders/{id}")] {
        for expand in ["notes", "lines,colour", "lines.sku", "", "Lines"] {
            let refused = views.api.get(&format!("{path}?expand={expand}")).await?;
            let refused = refused.expect_problem(400, "invalid_parameter")?;
            ensure!(refused.json["errors"][0]["parameter"] == "expand");
            let told = refused.json.to_string();
            ensure!(told.contains("fulfillments") || expand.is_empty(), "{told}");
        }
    }
    Ok(())
}
