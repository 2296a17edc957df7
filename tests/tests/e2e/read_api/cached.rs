//! Single orders from the cache: how fresh they are.

use super::views::{self, Views, announce};
use anyhow::{Context as _, ensure};
use infra::{
    redis::{LIFE, Redis},
    views::ORDERS_FAMILY,
};
use std::time::{Duration, Instant};
use tests::{Answer, TestEnv, wait_until};
use uuid::Uuid;

super::suite![
    what_is_asked_for_again_needs_no_database,
    what_is_read_once_is_not_kept,
    an_announced_change_is_seen_at_once,
    a_lost_announcement_is_made_good_within_five_seconds,
    a_version_is_never_answered_from_before_it,
    an_order_by_its_external_id_is_the_same_order,
];

const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0005);

/// Asks until the answer comes from the cache: one busy moment may keep a
/// value from being stored.
pub async fn warm(views: &Views, path: &str) -> anyhow::Result<Answer> {
    wait_until("an answer from the cache", async || {
        let answer = views.api.get(path).await?.expect(200)?;
        Ok(is_cached(&answer).then_some(answer))
    })
    .await
}

/// Whether an answer came from the cache.
pub fn is_cached(answer: &Answer) -> bool {
    !answer.header("age").is_empty()
}

async fn one_order(env: &TestEnv) -> anyhow::Result<(Views, Redis, String)> {
    let views = Views::start(env).await?;
    views.add_order(ID, "W-1", "{\"n\":1}").await?;
    Ok((
        views,
        views::redis(&env.config)?,
        format!("/v1/orders/{ID}"),
    ))
}

async fn what_is_asked_for_again_needs_no_database(env: &TestEnv) -> anyhow::Result<()> {
    let (views, redis, path) = one_order(env).await?;
    warm(&views, &path).await?;
    views.execute("DELETE FROM orders").await?;
    let whole = views.api.get(&path).await?.expect(200)?;
    ensure!(whole.json["n"] == 1 && whole.header("etag") == "\"1-0\"");
    ensure!(is_cached(&whole) && !whole.header("orderlog-lag").is_empty());
    let known = views
        .get_with(&path, "If-None-Match", "\"1-0\"")
        .await?
        .expect(304)?;
    ensure!(known.header("etag") == "\"1-0\"" && is_cached(&known));
    ensure!(known.header("cache-control") == "private, no-cache");
    let other = views.get_with(&path, "If-None-Match", "\"9-0\"").await?;
    ensure!(other.expect(200)?.json["n"] == 1);
    announce(&redis, ID, 2).await?;
    views
        .api
        .get(&path)
        .await?
        .expect_problem(404, "order_not_found")?;
    Ok(())
}

async fn what_is_read_once_is_not_kept(env: &TestEnv) -> anyhow::Result<()> {
    let (views, redis, path) = one_order(env).await?;
    ensure!(!is_cached(&views.api.get(&path).await?.expect(200)?));
    ensure!(expires_in(&redis, ID).await? == NOT_THERE);
    warm(&views, &path).await?;
    ensure!(expires_in(&redis, ID).await? > 0);
    Ok(())
}

async fn an_announced_change_is_seen_at_once(env: &TestEnv) -> anyhow::Result<()> {
    let (views, redis, path) = one_order(env).await?;
    for version in 2..=6 {
        warm(&views, &path).await?;
        let document = format!("{{\"n\":{version}}}");
        views.change(ID, version, &document).await?;
        announce(&redis, ID, version).await?;
        let etag = format!("\"{}-0\"", version - 1);
        let fresh = views.get_with(&path, "If-None-Match", &etag).await?;
        ensure!(fresh.expect(200)?.json["n"] == version);
    }
    Ok(())
}

async fn a_lost_announcement_is_made_good_within_five_seconds(env: &TestEnv) -> anyhow::Result<()> {
    let (views, redis, path) = one_order(env).await?;
    warm(&views, &path).await?;
    ensure!(expires_in(&redis, ID).await? <= i64::try_from(LIFE.as_millis())?);
    views.change(ID, 2, "{\"n\":2}").await?;
    let began = Instant::now();
    // By whoever asks all the time, which keeps the order in the cache.
    wait_until("the change", async || {
        let answer = views.api.get(&path).await?.expect(200)?;
        Ok((answer.json["n"] == 2).then_some(()))
    })
    .await?;
    let longest = LIFE + Duration::from_secs(1);
    ensure!(began.elapsed() < longest, "{:?}", began.elapsed());
    let metrics = reqwest::get(format!("{}/metrics", views.role.url()));
    let metrics = metrics.await?.text().await?;
    let series = "orderlog_cache_requests_total{family=\"orders\",result=\"revalidated\"}";
    ensure!(metrics.contains(series), "{metrics}");
    Ok(())
}

async fn a_version_is_never_answered_from_before_it(env: &TestEnv) -> anyhow::Result<()> {
    let (views, _redis, path) = one_order(env).await?;
    for version in [2, 4, 6] {
        warm(&views, &path).await?;
        views.change(ID, version, "{\"by\":\"version\"}").await?;
        let read = format!("{path}?min_version={version}");
        let etag = format!("\"{}-0\"", version - 1);
        let read = views.get_with(&read, "If-None-Match", &etag).await?;
        ensure!(read.expect(200)?.header("etag") == format!("\"{version}-0\""));
        // Nor does anybody go back in version afterwards.
        let next = views.api.get(&path).await?.expect(200)?;
        ensure!(next.header("etag") == format!("\"{version}-0\""));
        let known = format!("{path}?min_version={version}");
        ensure!(is_cached(&warm(&views, &known).await?));

        let version = version + 1;
        views.change(ID, version, "{\"by\":\"position\"}").await?;
        let position = views.advance(ID, version, version).await?;
        let read = format!("{path}?min_position={position}");
        let read = views.api.get(&read).await?.expect(200)?;
        ensure!(read.json["by"] == "position" && !is_cached(&read));
        let next = views.api.get(&path).await?.expect(200)?;
        ensure!(next.header("etag") == format!("\"{version}-0\""));
    }
    Ok(())
}

async fn an_order_by_its_external_id_is_the_same_order(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    let redis = views::redis(&env.config)?;
    views.add_order(ID, "W-1", "{\"n\":1}").await?;
    let platform: String = sqlx::query_scalar("SELECT platform FROM orders")
        .fetch_one(&views.pool)
        .await?;
    let id = domain::ids::order_id_of_external(&platform, "W-1");
    views
        .run(sqlx::query("UPDATE orders SET id = $1").bind(id))
        .await?;
    let path = format!("/v1/orders/by_external_id/{platform}/W-1");
    warm(&views, &path).await?;
    views.change(id, 2, "{\"n\":2}").await?;
    let by_id = views.api.get(&format!("/v1/orders/{id}")).await?;
    ensure!(
        is_cached(&by_id) && by_id.json["n"] == 1,
        "one entry for both"
    );
    announce(&redis, id, 2).await?;
    ensure!(views.api.get(&path).await?.expect(200)?.json["n"] == 2);
    Ok(())
}

/// What Redis answers for a key that it does not have.
const NOT_THERE: i64 = -2;

/// Milliseconds that an order's entry has left.
async fn expires_in(redis: &Redis, id: Uuid) -> anyhow::Result<i64> {
    let key = redis.key(&format!("cache:{ORDERS_FAMILY}:{id}"));
    let mut left = redis::cmd("PTTL");
    left.arg(key);
    redis.command(&left).await.context("Redis does not answer")
}
