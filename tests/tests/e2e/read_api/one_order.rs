//! `GET /v1/orders/{id}` and `…/by_external_id/{platform}/{external_id}`.

use super::views::{self, Views};
use anyhow::ensure;
use infra::redis::{Purge, purge};
use reqwest::Method;
use tests::{TestEnv, answer};
use uuid::Uuid;

super::suite![
    the_stored_bytes_are_sent_as_they_are,
    an_order_is_told_once_until_it_changes,
    an_external_id_may_be_any_text,
    an_order_that_is_not_there_is_not_found,
];

const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);

async fn the_stored_bytes_are_sent_as_they_are(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    // Spaces, order of members and numbers as no JSON writer would leave them.
    let document = "{ \"b\":1e2,  \"a\":\"\\u00e9 €\" }";
    views.add_order(ID, "W-1", document).await?;
    let path = format!("/v1/orders/{ID}");
    let got = views.api.request(Method::GET, &path).send().await?;
    ensure!(got.headers()["content-type"] == "application/json");
    ensure!(got.text().await? == document);

    let head = views.api.request(Method::HEAD, &path).send().await?;
    ensure!(head.status() == 200 && head.headers()["etag"] == "\"1-0\"");
    ensure!(head.headers()["content-length"] == document.len().to_string());
    ensure!(head.text().await?.is_empty());
    Ok(())
}

async fn an_order_is_told_once_until_it_changes(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views.add_order(ID, "W-1", "{}").await?;
    let path = format!("/v1/orders/{ID}");
    let first = views.api.get(&path).await?.expect(200)?;
    ensure!(first.header("etag") == "\"1-0\"");
    for tags in ["\"1-0\"", "W/\"1-0\"", "\"9-9\", \"1-0\"", "*"] {
        let unchanged = views
            .get_with(&path, "If-None-Match", tags)
            .await?
            .expect(304)?;
        ensure!(unchanged.header("etag") == "\"1-0\"", "{tags}");
        ensure!(unchanged.header("cache-control") == "private, no-cache");
        ensure!(unchanged.header("vary") == "Accept, Accept-Encoding, Authorization");
        ensure!(!unchanged.header("orderlog-lag").is_empty());
    }
    let redis = views::redis(&env.config)?;
    for (change, etag) in [("revision = 1", "\"1-1\""), ("version = 2", "\"2-1\"")] {
        views
            .execute(&format!("UPDATE orders SET {change}"))
            .await?;
        purge(&redis, &Purge::Everything).await?;
        let changed = views
            .get_with(&path, "If-None-Match", "\"1-0\"")
            .await?
            .expect(200)?;
        ensure!(changed.header("etag") == etag);
    }
    Ok(())
}

async fn an_external_id_may_be_any_text(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views.add_order(ID, "a/b c%2F?#é", "{\"x\":1}").await?;
    let encoded = "a%2Fb%20c%252F%3F%23%C3%A9";
    let platform: String = sqlx::query_scalar("SELECT platform FROM orders")
        .fetch_one(&views.pool)
        .await?;
    let path = format!("/v1/orders/by_external_id/{platform}/{encoded}");
    let found = views.api.get(&path).await?.expect(200)?;
    ensure!(found.json["x"] == 1 && found.header("etag") == "\"1-0\"");
    views
        .get_with(&path, "If-None-Match", "\"1-0\"")
        .await?
        .expect(304)?;
    Ok(())
}

async fn an_order_that_is_not_there_is_not_found(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views.add_order(ID, "W-1", "{}").await?;
    for path in [
        format!("/v1/orders/{}", Uuid::from_u128(7)),
        "/v1/orders/17".into(),
        format!("/v1/orders/{}/events", Uuid::from_u128(7)),
        "/v1/orders/by_external_id/web/W-2".into(),
        "/v1/orders/by_external_id/web/%00".into(),
    ] {
        let missing = views
            .api
            .get(&path)
            .await?
            .expect_problem(404, "order_not_found")?;
        ensure!(
            missing.json["instance"] == path.as_str(),
            "{}",
            missing.json
        );
        ensure!(
            missing.json["trace_id"]
                .as_str()
                .is_some_and(|id| id.len() == 32)
        );
        ensure!(missing.header("cache-control") == "no-store");
    }
    let strict = views
        .api
        .request(Method::GET, &format!("/v1/orders/{ID}?as_off=now"));
    answer(strict)
        .await?
        .expect_problem(400, "unknown_parameter")?;
    Ok(())
}
