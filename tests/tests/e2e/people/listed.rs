//! Customers, as the read API tells them.

use super::town::{MARL, Person, QUILL, Town};
use anyhow::{Context as _, Result, ensure};
use contracts::ids::subject_of_customer;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{TestEnv, answer};

const OTHER: Person = Person {
    name: "Odalys Finchcombe",
    email: "finchcombe@example.com",
    ..MARL
};

fn ids(list: &Value) -> Vec<&str> {
    let data = list["data"].as_array();
    let ids = data.into_iter().flatten();
    ids.filter_map(|customer| customer["customer_id"].as_str())
        .collect()
}

/// Newest order first, page by page, with what their orders come to; found by words,
/// email, channel and time; one by the subject or by the channel's own id.
pub async fn customers_are_listed_by_their_last_order(env: &TestEnv) -> Result<()> {
    let town = Town::open(env).await?;
    town.order(&QUILL, Some("c-1")).await?;
    town.order(&MARL, Some("c-2")).await?;
    town.order(&OTHER, Some("c-3")).await?;
    town.order(&MARL, None).await?;
    let newest = town.order(&QUILL, Some("c-1")).await?;
    let cancelled = town
        .on(&newest, "cancel", json!({"reason": "twice"}))
        .await?;
    let list = town.read("/v1/customers", &cancelled["position"]).await?;
    ensure!(ids(&list) == ["c-1", "c-3", "c-2"], "{list}");
    let first = &list["data"][0];
    let subject = subject_of_customer("web", "c-1");
    ensure!(
        first["id"] == subject.to_string() && first["name"] == QUILL.name,
        "{first}"
    );
    ensure!(first["orders"] == 2 && first["cancelled"] == 1, "{first}");
    ensure!(first["lifetime"][0]["revenue"] == 750, "{first}");
    ensure!(first["last_order"]["status"] == "cancelled", "{first}");

    let page = town.see("/v1/customers?limit=2").await?.expect(200)?;
    ensure!(ids(&page.json) == ["c-1", "c-3"] && page.json["has_more"] == true);
    let cursor = page.json["next_cursor"].as_str().context("no cursor")?;
    let rest = town
        .see(&format!("/v1/customers?limit=2&cursor={cursor}"))
        .await?;
    ensure!(ids(&rest.expect(200)?.json) == ["c-2"]);
    let request = town.views().request(Method::GET, "/v1/customers?limit=2");
    let same = answer(request.header("if-none-match", page.header("etag"))).await?;
    same.expect(304)?;

    for (query, expected) in [
        ("q=quillfeather", vec!["c-1"]),
        ("q=zabr", vec!["c-1"]),
        ("q=quillfeather+underbridge", vec![]),
        ("email=Underbridge@Example.org", vec!["c-2"]),
        ("customer=c-3", vec!["c-3"]),
        ("platform=other", vec![]),
        ("last_order_from=2999-01-01T00:00:00Z", vec![]),
        ("sort=last_order_at", vec!["c-2", "c-3", "c-1"]),
    ] {
        let list = town
            .see(&format!("/v1/customers?{query}"))
            .await?
            .expect(200)?;
        ensure!(ids(&list.json) == expected, "{query}: {}", list.json);
    }
    town.see("/v1/customers?colour=red").await?.expect(400)?;

    for path in [
        format!("/v1/customers/{subject}"),
        "/v1/customers/c-1".to_owned(),
    ] {
        let one = town.see(&path).await?.expect(200)?.json;
        ensure!(one["id"] == subject.to_string(), "{one}");
        ensure!(one["shipping_address"]["line1"] == QUILL.street, "{one}");
        let orders = town.see(&format!("{path}/orders")).await?.expect(200)?.json;
        ensure!(
            orders["data"].as_array().map(Vec::len) == Some(2),
            "{orders}"
        );
    }
    town.see("/v1/customers/c-99")
        .await?
        .expect_problem(404, "customer_not_found")?;
    Ok(())
}
