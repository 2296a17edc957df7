//! Products from the cache, on views that a test fills by hand.

use super::scene::members;
use crate::{
    proxy::Proxy,
    read_api::views::{self, Views},
};
use anyhow::ensure;
use domain::ids::{platform_id, product_id};
use infra::{
    redis::{Version, announce_documents},
    views::PRODUCTS_FAMILY,
};
use serde_json::Value;
use tests::{Answer, TestEnv, wait_until};

const SKUS: [&str; 3] = ["A", "B/1", "C"];
const ALL: &str = "/v1/products?sku=C&sku=A&sku=B%2F1&sku=none";

/// Puts a product into this version, which is its title.
async fn put(views: &Views, sku: &str, version: i64) -> anyhow::Result<()> {
    let document = serde_json::json!({"sku": sku, "archived": false, "version": version});
    let put = sqlx::query(
        "INSERT INTO products (id, key, version, \"partition\", archived, updated_at, document, \
                               title, words) \
         VALUES ($1, $2, $3, 0, false, now(), $4, '', '') \
         ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version, document = EXCLUDED.document",
    );
    let put = put.bind(product_id(sku)).bind(sku).bind(version);
    views.run(put.bind(document.to_string())).await
}

/// Versions on a page.
fn versions(page: &Answer) -> Vec<i64> {
    let data = page.json["data"].as_array().into_iter().flatten();
    data.map(|product| product["version"].as_i64().unwrap_or_default())
        .collect()
}

/// Asks until all of the answer comes from the cache.
async fn warm(views: &Views, path: &str) -> anyhow::Result<Answer> {
    wait_until("an answer from the cache", async || {
        let (before, answer) = (hits(views).await?, views.api.get(path).await?.expect(200)?);
        let hits = hits(views).await? - before;
        Ok((hits == SKUS.len() as u64).then_some(answer))
    })
    .await
}

/// How often a product was in the cache.
async fn hits(views: &Views) -> anyhow::Result<u64> {
    let told = views.api.get("/v1/admin/cache").await?.expect(200)?;
    let families = told.json["families"].as_array().into_iter().flatten();
    let mut products = families.filter(|family| family["family"] == PRODUCTS_FAMILY);
    let hits = products.next().map(|family| family["hits"].clone());
    Ok(hits.as_ref().and_then(Value::as_u64).unwrap_or_default())
}

/// Once they are there no statement is needed for them; an announced change of one
/// is seen at once, beside the others; and single ones are the same entries.
pub async fn several_products_come_from_the_cache_together(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    for sku in SKUS {
        put(&views, sku, 1).await?;
    }
    let first = views.api.get(ALL).await?.expect(200)?;
    ensure!(members(&first, "sku") == SKUS && first.header("age").is_empty());
    let tag = first.header("etag").to_owned();
    let kept = warm(&views, ALL).await?;
    ensure!(kept.json == first.json && kept.header("etag") == tag);
    ensure!(!kept.header("age").is_empty() && !kept.header("orderlog-lag").is_empty());
    let redis = views::redis(&env.config)?;
    for version in 2..=4 {
        warm(&views, ALL).await?;
        put(&views, "B/1", version).await?;
        let changed = Version {
            build: version.cast_unsigned(),
            number: 0,
        };
        let changed = [(product_id("B/1").to_string(), changed)];
        announce_documents(&redis, PRODUCTS_FAMILY, &changed).await?;
        let fresh = views.api.get(ALL).await?.expect(200)?;
        ensure!(versions(&fresh) == [1, version, 1], "{}", fresh.json);
        ensure!(fresh.header("etag") != tag);
    }
    warm(&views, ALL).await?;
    views.execute("DELETE FROM products").await?;
    let kept = views.api.get(ALL).await?.expect(200)?;
    ensure!(versions(&kept) == [1, 4, 1], "{}", kept.json);
    let page = views
        .api
        .get(&format!("{ALL}&limit=2"))
        .await?
        .expect(200)?;
    ensure!(versions(&page) == [1, 4] && page.json["has_more"] == true);
    let single = views.api.get("/v1/products/B%2F1").await?.expect(200)?;
    ensure!(single.json["version"] == 4 && single.header("etag") == "\"4-0\"");
    let purged = env.orderlog_ok(&["cache", "purge", "--family", "products"]);
    purged.await?;
    let gone = views.api.get(ALL).await?.expect(200)?;
    ensure!(versions(&gone).is_empty(), "{}", gone.json);
    Ok(())
}

pub async fn without_redis_everything_is_told(env: &TestEnv) -> anyhow::Result<()> {
    let proxy = Proxy::start(&env.config.redis_url).await?;
    let views = Views::start_told(env, |config| config.redis_url = proxy.url()).await?;
    let platform = sqlx::query(
        "INSERT INTO platforms (id, key, version, \"partition\", archived, updated_at, document) \
         VALUES ($1, 'web', 1, 0, false, now(), '{\"slug\":\"web\"}')",
    );
    views.run(platform.bind(platform_id("web"))).await?;
    for sku in SKUS {
        put(&views, sku, 1).await?;
    }
    warm(&views, ALL).await?;
    proxy.refuse();
    for version in 2..20 {
        for sku in SKUS {
            put(&views, sku, version).await?;
        }
        let all = views.api.get(ALL).await?.expect(200)?;
        ensure!(versions(&all) == [version; 3], "{}", all.json);
        let one = views.api.get("/v1/products/A").await?.expect(200)?;
        ensure!(one.json["version"] == version, "{}", one.json);
        let platform = views.api.get("/v1/platforms/web").await?.expect(200)?;
        ensure!(platform.json["slug"] == "web", "{}", platform.json);
    }
    proxy.accept();
    warm(&views, ALL).await?;
    Ok(())
}
