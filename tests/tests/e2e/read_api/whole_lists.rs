//! What a list says of all its orders; `POST /v1/orders/lookup`.

use super::views::{Views, ids_of};
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tests::TestEnv;
use uuid::Uuid;

super::suite![
    a_count_is_that_of_the_filtered_list_on_every_page,
    a_facet_tells_what_another_choice_would_find,
    a_list_with_totals_changes_its_tag_with_them,
    totals_that_do_not_exist_are_refused_by_name,
    orders_are_looked_up_in_the_order_that_is_asked_for,
    a_lookup_takes_a_thousand_ids_and_no_more,
    only_the_fields_that_are_asked_for_are_sent,
];

async fn count(views: &Views, condition: &str) -> anyhow::Result<i64> {
    let sql = format!("SELECT count(*) FROM orders WHERE {condition}");
    Ok(sqlx::query_scalar(&sql).fetch_one(&views.pool).await?)
}

async fn a_count_is_that_of_the_filtered_list_on_every_page(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 120).await?;
    let path = "/v1/orders?count=exact&limit=5&platform=web&has_hold=true";
    let first = views.api.get(path).await?.expect(200)?;
    let expected = count(&views, "platform = 'web' AND hold_count > 0").await?;
    ensure!(
        expected > 5 && first.json["count"] == expected,
        "{}",
        first.json
    );
    let cursor = first.json["next_cursor"].as_str().context("a next page")?;
    let next = views.api.get(&format!("{path}&cursor={cursor}")).await?;
    ensure!(next.expect(200)?.json["count"] == expected);
    let none = views
        .api
        .get("/v1/orders?count=exact&platform=nobody")
        .await?;
    ensure!(none.expect(200)?.json["count"] == 0);
    sqlx::query("ANALYZE orders").execute(&views.pool).await?;
    let about = views.api.get("/v1/orders?count=estimated").await?;
    ensure!(about.expect(200)?.json["count"] == 120);
    let unasked = views.api.get("/v1/orders").await?.expect(200)?;
    ensure!(unasked.json.get("count").is_none() && unasked.json.get("facets").is_none());
    Ok(())
}

async fn a_facet_tells_what_another_choice_would_find(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 60).await?;
    let path = "/v1/orders?facets=status,platform,country&status=cancelled&currency=GBP";
    let told = views.api.get(path).await?.expect(200)?.json;
    for (facet, condition) in [
        ("status", "currency = 'GBP'"),
        ("platform", "currency = 'GBP' AND status = 'cancelled'"),
        ("country", "currency = 'GBP' AND status = 'cancelled'"),
    ] {
        let values = told["facets"][facet].as_object().context("a facet")?;
        for (value, orders) in values {
            let condition = format!("{condition} AND {facet} = '{value}'");
            ensure!(
                *orders == count(&views, &condition).await?,
                "{facet} {value}: {told}"
            );
        }
        let sum: i64 = values.values().filter_map(Value::as_i64).sum();
        ensure!(sum == count(&views, condition).await?, "{facet}: {told}");
    }
    let data = told["data"].as_array().context("a page")?;
    let listed = i64::try_from(data.len())?;
    ensure!(listed == count(&views, "currency = 'GBP' AND status = 'cancelled'").await?);
    Ok(())
}

async fn a_list_with_totals_changes_its_tag_with_them(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 20).await?;
    // The page stays as it is: what is added comes after it.
    let path = "/v1/orders?sort=created_at&limit=3&count=exact";
    let first = views.api.get(path).await?.expect(200)?;
    let etag = first.header("etag").to_owned();
    let again = views.get_with(path, "If-None-Match", &etag).await?;
    again.expect(304)?;
    views.add_orders(21, 30).await?;
    let changed = views
        .get_with(path, "If-None-Match", &etag)
        .await?
        .expect(200)?;
    ensure!(ids_of(&changed) == ids_of(&first) && changed.json["count"] == 30);
    Ok(())
}

async fn totals_that_do_not_exist_are_refused_by_name(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    for (query, named) in [
        ("count=all", "estimated, exact"),
        ("count=exact&count=exact", "only once"),
        ("facets=tag", "payment_status"),
        ("facets=status,", "empty"),
    ] {
        let refused = views.api.get(&format!("/v1/orders?{query}")).await?;
        let refused = refused.expect_problem(400, "invalid_parameter")?;
        ensure!(
            refused.json.to_string().contains(named),
            "{query}: {}",
            refused.json
        );
    }
    Ok(())
}

async fn orders_are_looked_up_in_the_order_that_is_asked_for(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 30).await?;
    let mut ids = views.ids("true ORDER BY total, id DESC").await?;
    let (unknown, twice) = (Uuid::from_u128(7).to_string(), ids[3].clone());
    ids.insert(1, unknown.clone());
    ids.push(twice);
    let path = "/v1/orders/lookup";
    let told = views
        .api
        .post(path, &json!({"ids": ids}))
        .await?
        .expect(200)?;
    ensure!(told.json["missing"] == json!([unknown]));
    ids.remove(1);
    ensure!(ids_of(&told) == ids);
    for (number, id) in ids.iter().enumerate() {
        let one = views
            .api
            .get(&format!("/v1/orders/{id}"))
            .await?
            .expect(200)?;
        ensure!(one.json == told.json["data"][number]);
    }
    Ok(())
}

async fn a_lookup_takes_a_thousand_ids_and_no_more(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 3).await?;
    let path = "/v1/orders/lookup";
    let mut ids = views.ids("true").await?;
    ids.extend((0..997).map(|n| Uuid::from_u128(n).to_string()));
    let told = views
        .api
        .post(path, &json!({"ids": ids}))
        .await?
        .expect(200)?;
    ensure!(told.json["missing"].as_array().map(Vec::len) == Some(997));
    ids.push(Uuid::from_u128(2_000).to_string());
    for ids in [json!(ids), json!([]), json!(["no id"]), json!("x")] {
        let refused = views.api.post(path, &json!({"ids": ids})).await?;
        refused.expect_problem(400, "invalid_body")?;
    }
    for body in [json!({}), json!({"ids": [], "more": 1})] {
        let refused = views.api.post(path, &body).await?;
        refused.expect_problem(400, "invalid_body")?;
    }
    Ok(())
}

async fn only_the_fields_that_are_asked_for_are_sent(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 5).await?;
    let id = views.ids("number = 'N3'").await?.remove(0);
    let document = r#"{"id":"x","number":"N3","lines":[{"sku":"A","quantity":2}],"totals":{"total":5,"tax":1}}"#;
    let update = sqlx::query("UPDATE orders SET document = $1, summary = $2 WHERE number = 'N3'");
    let summary = r#"{"number":"N3","totals":{"total":5,"tax":1}}"#;
    let update = update.bind(document).bind(summary);
    update.execute(&views.pool).await?;
    let path = format!("/v1/orders/{id}?fields=number,lines.sku,totals.total");
    let lean = json!({"number": "N3", "lines": [{"sku": "A"}], "totals": {"total": 5}});
    let first = views.api.get(&path).await?.expect(200)?;
    ensure!(first.json == lean, "{}", first.json);
    let unchanged = views
        .get_with(&path, "If-None-Match", first.header("etag"))
        .await?;
    unchanged.expect(304)?;
    let whole = views
        .api
        .get(&format!("/v1/orders/{id}"))
        .await?
        .expect(200)?;
    ensure!(whole.json["totals"]["tax"] == 1, "{}", whole.json);
    let path = "/v1/orders/lookup?fields=totals.tax";
    let looked = views.api.post(path, &json!({"ids": [id]})).await?;
    ensure!(looked.expect(200)?.json["data"] == json!([{"totals": {"tax": 1}}]));
    let listed = views
        .api
        .get("/v1/orders?fields=number,totals.total&sort=total")
        .await?;
    let listed = listed.expect(200)?.json;
    let row = json!({"number": "N3", "totals": {"total": 5}});
    ensure!(
        listed["data"]
            .as_array()
            .is_some_and(|rows| rows.contains(&row)),
        "{listed}"
    );
    for (path, named) in [
        (format!("/v1/orders/{id}?fields=colour"), "payment_status"),
        (format!("/v1/orders/{id}?fields=lines.colour"), "sku"),
        ("/v1/orders?fields=lines".to_owned(), "line_count"),
    ] {
        let refused = views
            .api
            .get(&path)
            .await?
            .expect_problem(400, "invalid_parameter")?;
        ensure!(
            refused.json.to_string().contains(named),
            "{path}: {}",
            refused.json
        );
    }
    Ok(())
}
