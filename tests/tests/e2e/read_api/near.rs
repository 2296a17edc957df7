//! Orders from the memory of the process that answers: who hears of a change, and
//! what is told when nobody can.

use super::{
    redis_failing::{ID, own_redis_with_copies},
    views::{self, PATIENCE, Views, announce},
};
use crate::proxy::Proxy;
use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use infra::{
    config::Config,
    redis::{
        Document, DocumentCache, FamilyFigures, LIFE, NEAR_FAMILY, Near, Redis, Version,
        announce_documents,
    },
};
use serde_json::json;
use std::{
    convert::Infallible,
    future::{pending, ready},
    time::{Duration, Instant},
};
use tests::{Answer, Api, Role, TestEnv, wait_until};

super::suite![
    a_change_is_seen_by_every_instance_that_had_a_copy,
    no_read_goes_back_in_version,
    a_version_that_is_asked_for_is_not_answered_by_an_older_copy,
    a_purge_empties_every_instance,
    copies_are_not_told_without_redis,
    copies_are_not_told_without_a_subscription,
    a_lost_announcement_is_made_good_all_the_same,
    a_slow_answer_does_not_become_a_copy_of_what_has_changed,
    each_request_is_counted_once,
];

const BYTES: usize = 1 << 20;

fn path() -> String {
    format!("/v1/orders/{ID}")
}

fn with_copies(config: &mut Config) {
    config.near_cache_bytes = BYTES;
    config.redis_timeout_ms = PATIENCE;
}

/// A read API that keeps copies, and one order.
async fn one_order(env: &TestEnv) -> anyhow::Result<(Views, Redis)> {
    let views = Views::start_told(env, with_copies).await?;
    views.add_order(ID, "W-1", "{\"n\":1}").await?;
    Ok((views, views::redis(&env.config)?))
}

/// Another one on the same views.
async fn another(env: &TestEnv) -> anyhow::Result<(Api, Role)> {
    let mut role = env.role("read-api").config(with_copies).spawn()?;
    role.ready().await?;
    Ok((Api::new(env, &role).await?, role))
}

/// Changes the order and tells nobody.
async fn change(views: &Views, version: i64) -> anyhow::Result<()> {
    let document = format!("{{\"n\":{version}}}");
    views.change(ID, version, &document).await
}

async fn read(api: &Api) -> anyhow::Result<Answer> {
    api.get(&path()).await?.expect(200)
}

/// How often this process had what it was asked for in its memory.
async fn hits(api: &Api) -> anyhow::Result<u64> {
    let told = api.get("/v1/admin/cache").await?.expect(200)?;
    let mut families = told.json["families"].as_array().into_iter().flatten();
    let near = families.find(|family| family["family"] == NEAR_FAMILY);
    Ok(near.and_then(|near| near["hits"].as_u64()).unwrap_or(0))
}

/// Asks until the answer comes from memory.
async fn warm(api: &Api) -> anyhow::Result<Answer> {
    wait_until("an answer from memory", async || {
        let before = hits(api).await?;
        let answer = read(api).await?;
        Ok((hits(api).await? > before).then_some(answer))
    })
    .await
}

/// Asks until the answer is of this version.
async fn seen(api: &Api, version: i64) -> anyhow::Result<()> {
    wait_until("the change", async || {
        Ok((read(api).await?.json["n"] == version).then_some(()))
    })
    .await
}

/// Alone, each copy would be told for two seconds.
async fn a_change_is_seen_by_every_instance_that_had_a_copy(env: &TestEnv) -> anyhow::Result<()> {
    let (views, redis) = one_order(env).await?;
    let (other, _role) = another(env).await?;
    let mut waited = Duration::ZERO;
    for version in 2..12 {
        for api in [&views.api, &other] {
            let answer = warm(api).await?;
            ensure!(!answer.header("age").is_empty(), "it says how old it is");
        }
        change(&views, version).await?;
        announce(&redis, ID, version).await?;
        let announced = Instant::now();
        try_join_all([&views.api, &other].map(|api| seen(api, version))).await?;
        waited += announced.elapsed();
    }
    ensure!(waited < Duration::from_secs(5), "{waited:?} in ten rounds");
    let metrics = reqwest::get(format!("{}/metrics", views.role.url()));
    let metrics = metrics.await?.text().await?;
    for series in [
        "orderlog_cache_requests_total{family=\"near\",result=\"hit\"} ",
        "orderlog_near_cache_following 1",
        "orderlog_near_cache_bytes ",
    ] {
        ensure!(metrics.contains(series), "{series}: {metrics}");
    }
    let forgotten = "orderlog_near_cache_invalidations_total ";
    let forgotten = metrics
        .lines()
        .find_map(|line| line.strip_prefix(forgotten));
    ensure!(forgotten.is_some_and(|count| count != "0"), "{metrics}");
    Ok(())
}

async fn no_read_goes_back_in_version(env: &TestEnv) -> anyhow::Result<()> {
    const LAST: i64 = 60;
    let (views, redis) = one_order(env).await?;
    let writing = async {
        for version in 2..=LAST {
            change(&views, version).await?;
            announce(&redis, ID, version).await?;
        }
        anyhow::Ok(())
    };
    // Some are content with what there is, some insist on what they were told.
    let reading = |insists: bool| {
        let api = &views.api;
        async move {
            let mut before = 1;
            while before < LAST {
                let path = if insists {
                    format!("{}?min_version={before}", path())
                } else {
                    path()
                };
                let answer = api.get(&path).await?.expect(200)?;
                let now = answer.json["n"].as_i64().context("a number")?;
                ensure!(now >= before, "{now} after {before}");
                before = now;
            }
            anyhow::Ok(())
        }
    };
    let readers = [false, false, false, true].map(reading);
    tokio::try_join!(writing, try_join_all(readers))?;
    Ok(())
}

async fn a_version_that_is_asked_for_is_not_answered_by_an_older_copy(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let (views, _redis) = one_order(env).await?;
    for version in [2, 4, 6] {
        warm(&views.api).await?;
        change(&views, version).await?;
        let insisting = format!("{}?min_version={version}", path());
        let etag = format!("\"{}-0\"", version - 1);
        let answer = views.get_with(&insisting, "If-None-Match", &etag).await?;
        ensure!(answer.expect(200)?.json["n"] == version);
        // Nor is anybody else told the older one from now on.
        ensure!(read(&views.api).await?.json["n"] == version);

        warm(&views.api).await?;
        let version = version + 1;
        change(&views, version).await?;
        let position = views.advance(ID, version, version).await?;
        let insisting = format!("{}?min_position={position}", path());
        let answer = views.api.get(&insisting).await?.expect(200)?;
        ensure!(answer.json["n"] == version);
        ensure!(read(&views.api).await?.json["n"] == version);
    }
    Ok(())
}

async fn a_purge_empties_every_instance(env: &TestEnv) -> anyhow::Result<()> {
    let (views, _redis) = one_order(env).await?;
    let (other, _role) = another(env).await?;
    let mut waited = Duration::ZERO;
    for version in 2..8 {
        for api in [&views.api, &other] {
            warm(api).await?;
        }
        change(&views, version).await?;
        let which = json!({"family": "orders", "key": ID.to_string()});
        if version % 2 == 0 {
            let purged = views.api.post("/v1/admin/cache/purge", &which).await?;
            ensure!(purged.expect(200)?.json["purged"] == 1);
            // Whoever was asked for it has done it.
            ensure!(read(&views.api).await?.json["n"] == version);
        } else {
            env.orderlog_ok(&["cache", "purge"]).await?;
        }
        let purged = Instant::now();
        try_join_all([&views.api, &other].map(|api| seen(api, version))).await?;
        waited += purged.elapsed();
    }
    ensure!(waited < Duration::from_secs(3), "{waited:?} in six rounds");
    Ok(())
}

async fn copies_are_not_told_without_redis(env: &TestEnv) -> anyhow::Result<()> {
    let proxy = Proxy::start(&env.config.redis_url).await?;
    let views = Views::start_told(env, |config| {
        with_copies(config);
        config.redis_url = proxy.url();
        // While nothing is said, each of the first reads waits for it.
        config.redis_timeout_ms = 300;
    })
    .await?;
    views.add_order(ID, "W-1", "{\"n\":1}").await?;
    for (first, silently) in [(2, false), (20, true)] {
        warm(&views.api).await?;
        if silently {
            proxy.fall_silent();
        } else {
            proxy.refuse();
        }
        change(&views, first).await?;
        let began = Instant::now();
        seen(&views.api, first).await?;
        if !silently {
            let took = began.elapsed();
            ensure!(took < Duration::from_secs(1), "{took:?}");
        }
        // From now on nothing old is told.
        for version in first + 1..first + 10 {
            change(&views, version).await?;
            let answer = read(&views.api).await?;
            ensure!(answer.json["n"] == version, "{}", answer.json);
        }
        proxy.accept();
    }
    warm(&views.api).await?;
    Ok(())
}

async fn copies_are_not_told_without_a_subscription(env: &TestEnv) -> anyhow::Result<()> {
    let (servers, _dir, views, redis) = own_redis_with_copies(env, BYTES).await?;
    warm(&views.api).await?;
    // Those who follow are thrown out, and may not come back.
    let user = |rule: &str| {
        let mut user = redis::cmd("ACL");
        user.arg("SETUSER").arg("default").arg(rule);
        user
    };
    redis.command::<()>(&user("-client|tracking")).await?;
    let mut list = redis::cmd("CLIENT");
    list.arg("LIST");
    let list: String = redis.command(&list).await?;
    let following = list.lines().filter(|line| line.contains(" flags=tB "));
    let mut thrown_out = 0;
    for line in following {
        let id = line
            .strip_prefix("id=")
            .and_then(|line| line.split(' ').next());
        let mut kill = redis::cmd("CLIENT");
        kill.arg("KILL").arg("ID").arg(id.context("an id")?);
        redis.command::<u8>(&kill).await?;
        thrown_out += 1;
    }
    ensure!(thrown_out == 1, "{list}");
    wait_until("the loss to be noticed", async || {
        let before = hits(&views.api).await?;
        read(&views.api).await?;
        Ok((hits(&views.api).await? == before).then_some(()))
    })
    .await?;
    let before = hits(&views.api).await?;
    for version in 2..20 {
        change(&views, version).await?;
        announce(&redis, ID, version).await?;
        let answer = read(&views.api).await?;
        ensure!(answer.json["n"] == version, "{}", answer.json);
    }
    ensure!(hits(&views.api).await? == before);
    redis.command::<()>(&user("+client|tracking")).await?;
    warm(&views.api).await?;
    servers.stop().await;
    Ok(())
}

async fn a_lost_announcement_is_made_good_all_the_same(env: &TestEnv) -> anyhow::Result<()> {
    let (views, _redis) = one_order(env).await?;
    warm(&views.api).await?;
    change(&views, 2).await?;
    let began = Instant::now();
    seen(&views.api, 2).await?;
    let longest = LIFE + Duration::from_secs(1);
    ensure!(began.elapsed() < longest, "{:?}", began.elapsed());
    Ok(())
}

type Cache = DocumentCache<Infallible>;

const fn version(build: u64) -> Version {
    Version { build, number: 0 }
}

/// What the cache has under a key.
async fn cached(cache: &Cache, key: &str) -> Option<u64> {
    let found = cache.find(key, None, pending).await;
    found.map(|entry| entry.version.build)
}

/// Has Redis keep a document.
async fn keep(cache: &Cache, key: &str, build: u64) -> anyhow::Result<()> {
    let document = Document {
        version: version(build),
        value: "{}".into(),
        lasting: true,
    };
    cache.read_now(key, ready(Ok(Some(document)))).await?;
    Ok(())
}

/// Asks until the answer comes from memory of this process.
async fn copied(cache: &Cache, redis: &Redis, key: &str) -> anyhow::Result<()> {
    wait_until("an answer from memory", async || {
        let before = hits_here(redis);
        cached(cache, key).await;
        Ok((hits_here(redis) > before).then_some(()))
    })
    .await
}

/// What a family was asked for by this process.
fn figures_here(redis: &Redis, family: &str) -> Option<FamilyFigures> {
    let mut figures = redis.figures().into_iter();
    figures.find(|figures| figures.family == family)
}

/// Answers from memory of this process.
fn hits_here(redis: &Redis) -> u64 {
    figures_here(redis, NEAR_FAMILY).map_or(0, |near| near.hits)
}

/// How often the server was asked for fields.
async fn asked(redis: &Redis) -> anyhow::Result<String> {
    let mut info = redis::cmd("INFO");
    info.arg("commandstats");
    let told: String = redis.command(&info).await?;
    let mut calls = told
        .lines()
        .filter_map(|line| line.strip_prefix("cmdstat_hmget:calls="));
    let calls = calls.next().and_then(|rest| rest.split(',').next());
    Ok(calls.unwrap_or("0").to_owned())
}

/// Redis has answered before the change, which is heard of before the answer.
async fn a_slow_answer_does_not_become_a_copy_of_what_has_changed(
    env: &TestEnv,
) -> anyhow::Result<()> {
    const FAMILY: &str = "orders";
    let (servers, _dir, _views, redis) = own_redis_with_copies(env, 0).await?;
    let mut config = env.config.clone();
    servers.configure(&mut config);
    let proxy = Proxy::start(&config.redis_url).await?;
    config.redis_url = proxy.url();
    let near = Near::new(&redis, FAMILY, BYTES).context("copies")?;
    let following = tokio::spawn(near.clone().follow());
    let direct = Cache::new(redis.clone(), FAMILY).with_copies(Some(near.clone()));
    let slow = Cache::new(views::redis(&config)?, FAMILY).with_copies(Some(near));
    // Its connection is there from now on.
    cached(&slow, "other").await;
    for round in 0..3 {
        let (old, new) = (2 * round + 1, 2 * round + 2);
        for key in ["one", "two"] {
            keep(&direct, key, old).await?;
        }
        copied(&direct, &redis, "two").await?;
        proxy.keep_answers();
        let before = asked(&redis).await?;
        let asking = tokio::spawn({
            let slow = slow.clone();
            async move { cached(&slow, "one").await }
        });
        wait_until("the question to arrive", async || {
            Ok((asked(&redis).await? != before).then_some(()))
        })
        .await?;
        let changed = ["one", "two"].map(|key| (key.to_owned(), version(new)));
        announce_documents(&redis, FAMILY, &changed).await?;
        // Both are said at once.
        wait_until("the change to be heard of", async || {
            let before = hits_here(&redis);
            cached(&direct, "two").await;
            Ok((hits_here(&redis) == before).then_some(()))
        })
        .await?;
        proxy.accept();
        ensure!(asking.await? == Some(old), "it was asked before");
        ensure!(cached(&direct, "one").await.is_none(), "round {round}");
    }
    following.abort();
    servers.stop().await;
    Ok(())
}

/// Whatever the client has, and wherever the answer comes from.
async fn each_request_is_counted_once(env: &TestEnv) -> anyhow::Result<()> {
    const FAMILY: &str = "orders";
    let (servers, _dir, _views, redis) = own_redis_with_copies(env, 0).await?;
    let near = Near::new(&redis, FAMILY, BYTES).context("copies")?;
    let following = tokio::spawn(near.clone().follow());
    let cache = Cache::new(redis.clone(), FAMILY).with_copies(Some(near));
    keep(&cache, "first", 1).await?;
    copied(&cache, &redis, "first").await?;
    for key in ["a", "b", "c", "d", "last"] {
        keep(&cache, key, 1).await?;
    }
    copied(&cache, &redis, "last").await?;
    announce_documents(&redis, FAMILY, &[("last".to_owned(), version(2))]).await?;
    wait_until("all to be heard that was said before", async || {
        let last = cached(&cache, "last").await;
        Ok(last.is_none().then_some(()))
    })
    .await?;

    let figures = || {
        [NEAR_FAMILY, FAMILY].map(|family| {
            let figures = figures_here(&redis, family);
            figures.map_or((0, 0), |figures| (figures.hits, figures.requests()))
        })
    };
    // Whether there is a copy, and whether the client has this version; hits and
    // requests of memory and of Redis.
    for (key, is_copied, has, expected) in [
        ("a", false, true, [(0, 1), (1, 1)]),
        ("b", false, false, [(1, 1), (1, 1)]),
        ("c", true, true, [(1, 1), (0, 0)]),
        ("d", true, false, [(1, 1), (0, 0)]),
    ] {
        if is_copied {
            copied(&cache, &redis, key).await?;
        }
        let before = figures();
        let confirmed = cache.confirm(key, None, |_| has, pending).await;
        ensure!(confirmed.is_some() == has, "{key}");
        if !has {
            ensure!(cached(&cache, key).await == Some(1), "{key}");
        }
        let after = figures();
        let counted = [0, 1].map(|of: usize| {
            let (hits, requests) = before[of];
            (after[of].0 - hits, after[of].1 - requests)
        });
        ensure!(counted == expected, "{key}: {counted:?}");
    }
    following.abort();
    servers.stop().await;
    Ok(())
}
