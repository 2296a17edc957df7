//! Lists, searches and rebuilds of products.

use super::scene::{after, archive, encoded, members, pages, product, save};
use crate::whole_path::System;
use anyhow::{Context as _, ensure};
use tests::{Answer, TestEnv};

/// In the order of their bytes.
const SKUS: [&str; 7] = ["A/1", "A/10", "B", "Z", "a", "é", "東"];

/// Saves products, the last of these answers.
async fn saved(system: &System, skus: &[&str]) -> anyhow::Result<Answer> {
    let mut last = None;
    for sku in skus {
        let path = format!("/v1/products/{}", encoded(sku));
        last = Some(save(&system.commands, &path, &product(sku)).await?);
    }
    last.context("a product")
}

pub async fn pages_are_in_the_order_of_the_keys_whatever_came_first(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let mut all = Vec::new();
    // The odd ones downwards, then the even ones upwards.
    for sku in SKUS.iter().rev().step_by(2) {
        let last = saved(&system, &[sku]).await?;
        after(&system, "/v1/products", &last).await?.expect(200)?;
        all.push(*sku);
        all.sort_unstable();
        let listed = pages(&system.queries, "/v1/products?limit=2", "sku").await?;
        ensure!(listed == all, "{listed:?}");
    }
    let rest: Vec<&str> = SKUS.iter().skip(1).step_by(2).copied().collect();
    let last = saved(&system, &rest).await?;
    let whole = after(&system, "/v1/products", &last).await?.expect(200)?;
    ensure!(members(&whole, "sku") == SKUS, "{}", whole.json);
    for limit in [1, 2, 3, 7, 200] {
        let path = format!("/v1/products?limit={limit}");
        let listed = pages(&system.queries, &path, "sku").await?;
        ensure!(listed == SKUS, "{limit}: {listed:?}");
    }
    // A cursor is of its list, and nobody else's.
    let first = system.queries.get("/v1/products?limit=1").await?;
    let cursor = first.expect(200)?.json["next_cursor"].to_string();
    let cursor = cursor.trim_matches('"');
    for other in ["/v1/platforms?", "/v1/products?archived=any&"] {
        let told = system
            .queries
            .get(&format!("{other}cursor={cursor}"))
            .await?;
        told.expect_problem(400, "cursor_mismatch")?;
    }
    Ok(())
}

pub async fn what_is_archived_is_listed_when_it_is_asked_for(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    saved(&system, &SKUS).await?;
    archive(&system.commands, "/v1/products/B").await?;
    let last = archive(&system.commands, "/v1/products/Z").await?;
    let left = after(&system, "/v1/products", &last).await?.expect(200)?;
    let before = left.header("etag").to_owned();
    ensure!(members(&left, "sku") == ["A/1", "A/10", "a", "é", "東"]);
    for (query, expected) in [
        ("archived=true", &["B", "Z"][..]),
        ("archived=any", &SKUS),
        ("archived=true&sku=B&sku=a", &["B"]),
        ("sku=B&sku=a", &["a"]),
        ("archived=any&sku=Z&sku=B&sku=none", &["B", "Z"]),
        ("archived=any&updated_to=2020-01-01", &[]),
    ] {
        let path = format!("/v1/products?{query}");
        let page = after(&system, &path, &last).await?.expect(200)?;
        ensure!(members(&page, "sku") == expected, "{query}: {}", page.json);
        // What may come from the cache is the same.
        let again = system.queries.get(&path).await?.expect(200)?;
        ensure!(again.json == page.json, "{query}: {}", again.json);
        ensure!(again.header("etag") == page.header("etag"), "{query}");
    }
    let last = saved(&system, &["C"]).await?;
    let more = after(&system, "/v1/products", &last).await?.expect(200)?;
    ensure!(more.header("etag") != before, "another page, another tag");
    Ok(())
}

pub async fn products_are_found_by_words_and_by_sku(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let mut last = None;
    for (sku, title) in [
        ("LAMP-01", "Desk lamp, red"),
        ("LAMP-02", "Lámpara roja"),
        ("DESK-9", "Desk 'n' drawer"),
    ] {
        let path = format!("/v1/products/{sku}");
        last = Some(save(&system.commands, &path, &product(title)).await?);
    }
    let last = last.context("a product")?;
    for (q, expected) in [
        ("desk", &["DESK-9", "LAMP-01"][..]),
        ("LAMPARA", &["LAMP-02"]),
        ("lamp", &["LAMP-01", "LAMP-02"]),
        ("re%20lam", &["LAMP-01"]),
        ("lamp-02", &["LAMP-02"]),
        ("esk", &[]),
        ("%27%29%7C", &[]),
    ] {
        let page = after(&system, &format!("/v1/products?q={q}"), &last).await?;
        if q.starts_with('%') {
            page.expect_problem(400, "invalid_parameter")?;
            continue;
        }
        let page = page.expect(200)?;
        ensure!(members(&page, "sku") == expected, "{q}: {}", page.json);
    }
    Ok(())
}

/// Every row of the projection, as text.
async fn rows(env: &TestEnv) -> anyhow::Result<Vec<String>> {
    let views = infra::postgres::pool(&env.config.views_url, 1)?;
    let rows = sqlx::query_scalar("SELECT p::text FROM products p ORDER BY id");
    Ok(rows.fetch_all(&views).await?)
}

pub async fn rebuilt_products_are_the_same_to_the_byte(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    saved(&system, &SKUS).await?;
    archive(&system.commands, "/v1/products/Z").await?;
    let last = save(&system.commands, "/v1/products/B", &product("Another")).await?;
    after(&system, "/v1/products", &last).await?.expect(200)?;
    let before = rows(env).await?;
    ensure!(before.len() == SKUS.len(), "{before:?}");
    env.orderlog_ok(&["rebuild", "--all"]).await?;
    ensure!(rows(env).await? == before);
    // The projector goes on from the new build.
    let last = save(&system.commands, "/v1/products/B", &product("A third")).await?;
    let read = after(&system, "/v1/products/B", &last).await?.expect(200)?;
    ensure!(read.json["version"] == 3 && read.json["title"] == "A third");
    env.orderlog_ok(&["verify", "--wait", "60s"]).await?;
    let views = infra::postgres::pool(&env.config.views_url, 1)?;
    for harm in [
        "UPDATE products SET document = ' ' || document WHERE key = 'Z'",
        "DELETE FROM products WHERE key = 'a'",
    ] {
        sqlx::query(harm).execute(&views).await?;
        let verified = env.orderlog(&["verify", "--wait", "60s"]).await?;
        ensure!(!verified.status.success(), "verify does not see: {harm}");
    }
    env.orderlog_ok(&["verify", "--wait", "60s", "--repair"])
        .await?;
    Ok(())
}
