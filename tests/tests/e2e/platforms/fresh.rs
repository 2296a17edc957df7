//! How old the rules are that orders are decided by.

use super::scene::{Scene, order};
use crate::proxy::Proxy;
use anyhow::{Context as _, ensure};
use infra::config::Config;
use reqwest::Method;
use serde_json::json;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use tests::{TestEnv, answer};
use time::{Duration, OffsetDateTime};

/// How often the platform is changed.
const CHANGES: usize = 60;
/// For how long it is changed again and again, a third of it without Redis.
const CHANGED_FOR: std::time::Duration = std::time::Duration::from_secs(6);
/// After this long a change shows.
const LATEST: std::time::Duration = std::time::Duration::from_secs(1);
/// Clients that place orders meanwhile, at each of two processes.
const CLIENTS: usize = 4;

/// One process changes a platform, another one has nothing but hints and its own
/// clock to notice: each order says by which version it was decided, and that
/// one was the present one at most a second before.
pub async fn every_order_is_decided_by_rules_of_less_than_a_second_before(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let mut other = env.role("command-api").spawn()?;
    other.ready().await?;
    let other = scene.api.at(&other);
    let accepted = json!({"client_prices": "accepted"});
    scene
        .put("/v1/platforms/web", &accepted)
        .await?
        .expect(201)?;
    let (body, done) = (order("web"), AtomicBool::new(false));
    let place = async |api: &tests::Api| {
        let mut placed = 0;
        while !done.load(Ordering::Relaxed) {
            api.post("/v1/orders", &body).await?.expect(201)?;
            placed += 1;
        }
        anyhow::Ok(placed)
    };
    let change = async {
        for number in 0..CHANGES {
            let prefix = json!({"number_prefix": format!("P{number}-")});
            let changed = scene
                .api
                .request(Method::PATCH, "/v1/platforms/web")
                .json(&prefix);
            answer(changed).await?.expect(200)?;
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let clients = [&scene.api, &other]
        .into_iter()
        .flat_map(|api| vec![api; CLIENTS]);
    let placing = futures_util::future::try_join_all(clients.map(&place));
    let (placed, ()) = futures_util::future::try_join(placing, change).await?;
    let placed: usize = placed.iter().sum();
    ensure!(placed > CLIENTS, "{placed}");
    let oldest = oldest_rules(&scene, CHANGES, placed).await?;
    println!("{placed} orders beside {CHANGES} changes; the oldest rules were {oldest} old");
    ensure!(oldest < Duration::SECOND, "{oldest}");
    Ok(())
}

/// How long ago the oldest rules that an order was decided by had been replaced.
async fn oldest_rules(scene: &Scene, changes: usize, placed: usize) -> anyhow::Result<Duration> {
    let saved: Vec<OffsetDateTime> = sqlx::query_scalar(
        "SELECT recorded_at FROM events WHERE aggregate_type = 'platform' ORDER BY sequence",
    )
    .fetch_all(&scene.log)
    .await?;
    ensure!(saved.len() == changes + 1);
    let orders: Vec<(String, OffsetDateTime, String)> = sqlx::query_as(
        "SELECT metadata ->> 'platform_version', recorded_at, payload #>> '{OrderPlaced,order,number}' \
           FROM events WHERE aggregate_type = 'order'",
    )
    .fetch_all(&scene.log)
    .await?;
    ensure!(orders.len() == placed, "{} of {placed}", orders.len());
    let mut oldest = Duration::ZERO;
    for (version, at, number) in orders {
        let version: usize = version.parse()?;
        // It was the present one until the next one was recorded.
        if let Some(replaced) = saved.get(version) {
            oldest = oldest.max(at - *replaced);
        }
        // What the order says is what that version says.
        let prefix = match version {
            1 => String::new(),
            version => format!("P{}-", version - 2),
        };
        let rest = number.strip_prefix(&prefix).context(number.clone())?;
        ensure!(rest.parse::<i64>().is_ok(), "{number} by version {version}");
    }
    Ok(oldest)
}

/// Two of each API, whose way to Redis breaks and heals: whoever reads a platform a
/// second after the views have a change reads that change, and orders are decided by
/// rules as fresh.
pub async fn readers_follow_within_a_second_while_redis_comes_and_goes(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let proxy = Proxy::start(&env.config.redis_url).await?;
    let through = |config: &mut Config| config.redis_url = proxy.url();
    let scene = Scene::start_with(env, through).await?;
    let mut roles = Vec::new();
    for name in ["command-api", "read-api", "read-api", "relay", "projector"] {
        let mut role = env.role(name).config(through).spawn()?;
        role.ready().await?;
        roles.push(role);
    }
    let [other, first, second] = [0, 1, 2].map(|at| scene.api.at(&roles[at]));
    let accepted = json!({"client_prices": "accepted"});
    scene
        .put("/v1/platforms/web", &accepted)
        .await?
        .expect(201)?;
    let (shown, done) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let views = infra::postgres::pool(&env.config.views_url, 1)?;
    let change = async {
        let (began, mut number) = (Instant::now(), 0);
        while began.elapsed() < CHANGED_FOR {
            if began.elapsed() > CHANGED_FOR * 2 / 3 {
                proxy.accept();
            } else if began.elapsed() > CHANGED_FOR / 3 {
                proxy.refuse();
            }
            let prefix = json!({"number_prefix": format!("P{number}-")});
            scene
                .patch("/v1/platforms/web", &prefix)
                .await?
                .expect(200)?;
            number += 1;
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(number)
    };
    let watch = async {
        while !done.load(Ordering::Relaxed) {
            let version = sqlx::query_scalar("SELECT version FROM platforms WHERE key = 'web'");
            let version: Option<i64> = version.fetch_optional(&views).await?;
            let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
            shown.push((Instant::now(), version.unwrap_or_default().cast_unsigned()));
        }
        anyhow::Ok(())
    };
    let read = async |api: &tests::Api| {
        let mut reads = Vec::new();
        while !done.load(Ordering::Relaxed) {
            let began = Instant::now();
            let read = api.get("/v1/platforms/web").await?;
            // Before the projection has it.
            if read.status != 404 {
                let version = read.expect(200)?.json["version"].as_u64();
                reads.push((began, version.context("no version")?));
            }
        }
        anyhow::Ok(reads)
    };
    let body = order("web");
    let place = async |api: &tests::Api| {
        let mut placed = 0;
        while !done.load(Ordering::Relaxed) {
            // Rules that cannot be read in time are none: the client is told to come
            // back, and nothing is decided by older ones.
            let answer = api.post("/v1/orders", &body).await?;
            if answer.status != 503 {
                answer.expect(201)?;
                placed += 1;
            }
        }
        anyhow::Ok(placed)
    };
    let (one, another, here, there, changes, ()) = futures_util::try_join!(
        read(&first),
        read(&second),
        place(&scene.api),
        place(&other),
        change,
        watch
    )?;
    let shown = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for (who, reads) in [("the first", one), ("the second", another)] {
        ensure!(reads.len() > 100, "{who}: {} reads", reads.len());
        for (began, version) in reads {
            let before = shown.partition_point(|(at, _)| *at + LATEST <= began);
            let due = before.checked_sub(1).map_or(0, |last| shown[last].1);
            ensure!(
                version >= due,
                "{who} read version {version}, where {due} was due"
            );
        }
    }
    let oldest = oldest_rules(&scene, changes, here + there).await?;
    println!(
        "{} orders; the oldest rules were {oldest} old",
        here + there
    );
    ensure!(oldest < Duration::SECOND, "{oldest}");
    Ok(())
}
