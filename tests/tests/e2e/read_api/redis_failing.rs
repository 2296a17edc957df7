//! Redis gone, slow, full and emptied: answers stay right, only slower.

use super::{
    cached::{is_cached, warm},
    statistics,
    views::{self, Views, announce},
};
use crate::proxy::Proxy;
use anyhow::ensure;
use infra::{
    local_servers::{KafkaExtras, LocalServers, Options, Server},
    redis::{Redis, Version, announce_version, server_figures},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tests::{TestEnv, wait_until};
use uuid::Uuid;

super::suite![
    a_redis_that_is_gone_is_done_without,
    a_slow_redis_is_left_alone,
    a_full_redis_that_refuses_is_done_without,
    a_full_redis_does_not_keep_figures_that_are_old,
    a_full_redis_that_forgets_is_used_for_what_it_has,
    a_redis_that_is_emptied_all_the_time_changes_nothing,
];

/// The order of these trials.
pub const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0006);

/// A read API whose Redis is behind a proxy, and one order.
async fn behind_a_proxy(env: &TestEnv) -> anyhow::Result<(Proxy, Views, String)> {
    let proxy = Proxy::start(&env.config.redis_url).await?;
    let views = Views::start_told(env, |config| config.redis_url = proxy.url()).await?;
    views.add_order(ID, "W-1", "{\"n\":1}").await?;
    Ok((proxy, views, format!("/v1/orders/{ID}")))
}

async fn a_redis_that_is_gone_is_done_without(env: &TestEnv) -> anyhow::Result<()> {
    let (proxy, views, path) = behind_a_proxy(env).await?;
    warm(&views, &path).await?;
    proxy.refuse();
    let first = views.api.get(&path).await?.expect(200)?;
    ensure!(!is_cached(&first) && first.json["n"] == 1);
    for version in 2..20 {
        views
            .change(ID, version, &format!("{{\"n\":{version}}}"))
            .await?;
        let read = views.api.get(&path).await?.expect(200)?;
        ensure!(read.json["n"] == version, "{}", read.json);
        let etag = read.header("etag").to_owned();
        let known = views.get_with(&path, "If-None-Match", &etag).await?;
        known.expect(304)?;
        let figures = views.api.get("/v1/statistics/orders").await?;
        figures.expect(200)?;
    }
    proxy.accept();
    warm(&views, &path).await?;
    Ok(())
}

async fn a_slow_redis_is_left_alone(env: &TestEnv) -> anyhow::Result<()> {
    let (proxy, views, path) = behind_a_proxy(env).await?;
    warm(&views, &path).await?;
    proxy.delay(Duration::from_millis(400));
    let began = Instant::now();
    for version in 2..32 {
        views
            .change(ID, version, &format!("{{\"n\":{version}}}"))
            .await?;
        let read = views.api.get(&path).await?.expect(200)?;
        ensure!(read.json["n"] == version, "{}", read.json);
    }
    // Thirty commands of Redis alone would be twelve seconds.
    ensure!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    let metrics = reqwest::get(format!("{}/metrics", views.role.url()));
    let metrics = metrics.await?.text().await?;
    ensure!(
        counted(&metrics, "orderlog_redis_pauses_total"),
        "{metrics}"
    );
    proxy.delay(Duration::ZERO);
    warm(&views, &path).await?;
    Ok(())
}

/// Whether this count is more than zero.
fn counted(metrics: &str, name: &str) -> bool {
    let counts = metrics.lines().filter_map(|line| line.strip_prefix(name));
    counts.map(str::trim).any(|count| count != "0")
}

/// A Redis of its own, for a test that does things to it.
pub async fn own_redis(
    env: &TestEnv,
) -> anyhow::Result<(Arc<LocalServers>, TempDir, Views, Redis)> {
    own_redis_with_copies(env, 0).await
}

/// The same beside a read API that keeps so many bytes of copies of what it has.
pub async fn own_redis_with_copies(
    env: &TestEnv,
    bytes: usize,
) -> anyhow::Result<(Arc<LocalServers>, TempDir, Views, Redis)> {
    let dir = tempfile::tempdir()?;
    let options = Options {
        dir: dir.path().to_owned(),
        cache: tests::root().join(".orderlog/servers"),
        servers: vec![Server::Redis],
        throwaway: true,
        kafka: KafkaExtras::default(),
    };
    let servers = tests::start_servers(options, &|_| {}).await?;
    let mut config = env.config.clone();
    servers.configure(&mut config);
    config.redis_timeout_ms = views::PATIENCE;
    config.near_cache_bytes = bytes;
    let views = Views::start_told(env, |told| *told = config.clone()).await?;
    views.add_order(ID, "W-1", "{\"n\":1}").await?;
    let redis = Redis::new(&config)?;
    Ok((servers, dir, views, redis))
}

async fn set(redis: &Redis, name: &str, value: &str) -> anyhow::Result<()> {
    let mut set = redis::cmd("CONFIG");
    set.arg("SET").arg(name).arg(value);
    redis.command::<()>(&set).await?;
    Ok(())
}

async fn a_full_redis_that_refuses_is_done_without(env: &TestEnv) -> anyhow::Result<()> {
    let (servers, _dir, views, redis) = own_redis(env).await?;
    let path = format!("/v1/orders/{ID}");
    warm(&views, &path).await?;
    set(&redis, "maxmemory-policy", "noeviction").await?;
    set(&redis, "maxmemory", "1").await?;
    // What was stored before is forgotten when it changes, full or not.
    for version in 2..10 {
        views
            .change(ID, version, &format!("{{\"n\":{version}}}"))
            .await?;
        announce(&redis, ID, version).await?;
        for _ in 0..3 {
            let read = views.api.get(&path).await?.expect(200)?;
            ensure!(read.json["n"] == version, "{}", read.json);
        }
        views.api.get("/v1/statistics/orders").await?.expect(200)?;
    }
    let metrics = reqwest::get(format!("{}/metrics", views.role.url()));
    let metrics = metrics.await?.text().await?;
    ensure!(
        counted(&metrics, "orderlog_redis_refusals_total"),
        "{metrics}"
    );
    let admin = views.api.get("/v1/admin/cache").await?.expect(200)?;
    ensure!(admin.json["redis"]["answers"] == true, "{}", admin.json);
    ensure!(
        admin.json["redis"]["max_memory_bytes"] == 1,
        "{}",
        admin.json
    );
    set(&redis, "maxmemory", "0").await?;
    warm(&views, &path).await?;
    servers.stop().await;
    Ok(())
}

async fn a_full_redis_does_not_keep_figures_that_are_old(env: &TestEnv) -> anyhow::Result<()> {
    const PATH: &str = "/v1/statistics/orders?currency=EUR";
    let (servers, _dir, views, redis) = own_redis(env).await?;
    let version = |number| Version { build: 1, number };
    statistics::add_sums(&views).await?;
    ensure!(announce_version(&redis, "statistics", version(1)).await);
    let first = views.api.get(PATH).await?.expect(200)?;
    ensure!(first.json["data"][0]["orders"] == 24, "{}", first.json);
    set(&redis, "maxmemory-policy", "noeviction").await?;
    set(&redis, "maxmemory", "1").await?;
    views
        .execute("UPDATE order_statistics SET orders = orders + 1")
        .await?;
    views.advance(statistics::ID, 2, 2).await?;
    announce_version(&redis, "statistics", version(2)).await;
    let began = Instant::now();
    wait_until("the figures of the newer state", async || {
        let read = views.api.get(PATH).await?.expect(200)?;
        Ok((read.json["data"][0]["orders"] == 32).then_some(()))
    })
    .await?;
    // Long before they would have expired.
    ensure!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    servers.stop().await;
    Ok(())
}

async fn a_full_redis_that_forgets_is_used_for_what_it_has(env: &TestEnv) -> anyhow::Result<()> {
    let (servers, _dir, views, redis) = own_redis(env).await?;
    views.add_orders(1, 200).await?;
    views
        .execute("UPDATE orders SET document = json_build_object('id', id, 'pad', repeat('x', 20000))::text")
        .await?;
    set(&redis, "maxmemory-policy", "allkeys-lru").await?;
    let used = server_figures(&redis).await?.used_memory;
    set(&redis, "maxmemory", &(used + 1_000_000).to_string()).await?;
    let ids = views.ids("true").await?;
    let mut cached = 0;
    for _ in 0..4 {
        for id in &ids {
            let read = views
                .api
                .get(&format!("/v1/orders/{id}"))
                .await?
                .expect(200)?;
            ensure!(read.json["id"] == id.as_str());
            cached += u32::from(is_cached(&read));
        }
        // The last ones of a round are still there.
        let last = ids.last().map(String::as_str).unwrap_or_default();
        let read = views.api.get(&format!("/v1/orders/{last}")).await?;
        cached += u32::from(is_cached(&read));
    }
    let evicted = server_figures(&redis).await?.evicted_keys;
    ensure!(evicted > 0, "nothing had to go");
    ensure!(cached > 0, "nothing was kept");
    servers.stop().await;
    Ok(())
}

async fn a_redis_that_is_emptied_all_the_time_changes_nothing(env: &TestEnv) -> anyhow::Result<()> {
    let (servers, _dir, views, redis) = own_redis(env).await?;
    let path = format!("/v1/orders/{ID}");
    let empty = async || -> anyhow::Result<()> {
        let mut all = redis::pipe();
        all.cmd("FLUSHALL")
            .ignore()
            .cmd("SCRIPT")
            .arg("FLUSH")
            .ignore();
        redis.pipeline::<()>(&all).await?;
        Ok(())
    };
    for version in 2..30 {
        warm(&views, &path).await?;
        if version % 3 == 0 {
            empty().await?;
        }
        views
            .change(ID, version, &format!("{{\"n\":{version}}}"))
            .await?;
        if version % 3 == 1 {
            empty().await?;
        }
        announce(&redis, ID, version).await?;
        if version % 3 == 2 {
            empty().await?;
        }
        let read = views.api.get(&path).await?.expect(200)?;
        ensure!(read.json["n"] == version, "{version}: {}", read.json);
    }
    wait_until("the cache to be of use again", async || {
        let admin = views.api.get("/v1/admin/cache").await?.expect(200)?;
        views.api.get(&path).await?.expect(200)?;
        let hits = admin.json["families"].as_array().into_iter().flatten();
        let mut hits = hits.filter(|family| family["family"] == "orders");
        Ok(hits
            .next()
            .and_then(|f| f["hits"].as_u64())
            .filter(|n| *n > 0))
    })
    .await?;
    servers.stop().await;
    Ok(())
}
