//! `min_version` and `min_position`: reading what was written.

use super::views::{PATIENCE, Views, token};
use crate::projections::{
    orders::{noted, placed},
    world::World,
};
use anyhow::{Context as _, ensure};
use reqwest::Method;
use std::time::{Duration, Instant};
use tests::{TestEnv, answer, wait_until};
use uuid::Uuid;

super::suite![
    a_read_waits_for_a_version,
    a_read_waits_for_a_position,
    a_wait_that_ends_in_vain_answers_as_preferred,
    the_listener_comes_back_after_its_connection_was_lost,
    many_wait_at_once,
    a_projector_wakes_who_waits,
    more_than_may_wait_are_answered_at_once,
    a_request_that_waits_is_answered_before_the_role_ends,
    the_lag_is_that_of_the_log,
];

const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0003);
const PATIENT: &str = "wait=20, handling=strict";
/// Longer than any trial takes, in milliseconds.
const NEVER: u64 = 3_600_000;

async fn a_read_waits_for_a_version(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    // Not there at all, and then in another version.
    for version in 1..=3_i64 {
        let path = format!("/v1/orders/{ID}?min_version={version}");
        let began = Instant::now();
        let write = async {
            waiting(&views, 1).await?;
            if version == 1 {
                views.add_order(ID, "W-1", "{}").await?;
            }
            views
                .run(sqlx::query("UPDATE orders SET version = $1").bind(version))
                .await?;
            views.notify().await
        };
        let (read, written) = tokio::join!(views.get_with(&path, "Prefer", PATIENT), write);
        written?;
        let read = read?.expect(200)?;
        ensure!(read.header("etag") == format!("\"{version}-0\""));
        ensure!(read.header("preference-applied") == "wait=20, handling=strict");
        ensure!(
            began.elapsed() < Duration::from_secs(15),
            "{:?}",
            began.elapsed()
        );
    }
    let seen = views
        .api
        .get(&format!("/v1/orders/{ID}?min_version=2"))
        .await?
        .expect(200)?;
    ensure!(
        seen.header("preference-applied").is_empty(),
        "nothing was preferred"
    );
    let external = "/v1/orders/by_external_id/web/W-1?min_version=3";
    ensure!(views.get_with(external, "Prefer", "wait=0").await?.status == 200);
    Ok(())
}

async fn a_read_waits_for_a_position(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 3).await?;
    views.advance(ID, 5, 1).await?;
    for (path, position) in [("/v1/orders", 8), ("/v1/statistics/orders", 9)] {
        let path = format!("{path}?min_position={}", token(ID, position));
        let write = async {
            waiting(&views, 1).await?;
            views.advance(ID, position, position).await?;
            views.notify().await
        };
        let (read, written) = tokio::join!(views.get_with(&path, "Prefer", PATIENT), write);
        written?;
        read?.expect(200)?;
    }
    // A position that was passed long ago.
    let path = format!("/v1/orders?min_position={}", token(ID, 1));
    let strict = "wait=0, handling=strict";
    views.get_with(&path, "Prefer", strict).await?.expect(200)?;
    Ok(())
}

async fn a_wait_that_ends_in_vain_answers_as_preferred(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views.add_order(ID, "W-1", "{\"x\":1}").await?;
    let path = format!("/v1/orders/{ID}?min_version=2");
    let lenient = views
        .get_with(&path, "Prefer", "wait=0")
        .await?
        .expect(200)?;
    ensure!(lenient.json["x"] == 1 && lenient.header("preference-applied") == "wait=0");
    ensure!(!lenient.header("orderlog-lag").is_empty());
    let strict = views
        .get_with(&path, "Prefer", "wait=0, handling=strict")
        .await?;
    let strict = strict.expect_problem(503, "not_yet_visible")?;
    ensure!(strict.header("retry-after") == "1");
    let missing = format!("/v1/orders/{}?min_version=1", Uuid::nil());
    let missing = views.get_with(&missing, "Prefer", "wait=0").await?;
    missing.expect_problem(404, "order_not_found")?;

    let began = Instant::now();
    views
        .get_with(&path, "Prefer", "wait=1")
        .await?
        .expect(200)?;
    ensure!(
        began.elapsed() >= Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    for wrong in [
        "min_version=0",
        "min_version=x",
        "min_position=b3JkZXJzfDF8MXwxfDE",
    ] {
        let path = format!("/v1/orders/{ID}?{wrong}");
        views
            .api
            .get(&path)
            .await?
            .expect_problem(400, "invalid_parameter")?;
    }
    Ok(())
}

async fn the_listener_comes_back_after_its_connection_was_lost(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    let first = listener(&views, 0).await?;
    views
        .run(sqlx::query("SELECT pg_terminate_backend($1)").bind(first))
        .await?;
    listener(&views, first).await?;
    Ok(())
}

async fn many_wait_at_once(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 200).await?;
    let ids = views.ids("true").await?;
    let reads = ids.iter().map(|id| {
        let path = format!("/v1/orders/{id}?min_version=2");
        let request = views.api.request(Method::GET, &path);
        answer(request.header("Prefer", PATIENT))
    });
    let write = async {
        waiting(&views, 200).await?;
        views.execute("UPDATE orders SET version = 2").await?;
        views.notify().await
    };
    let (reads, written) = tokio::join!(futures_util::future::join_all(reads), write);
    written?;
    for read in reads {
        ensure!(read?.expect(200)?.header("etag") == "\"2-0\"");
    }
    Ok(())
}

/// Nobody asks by the clock here: what a real projector says is what wakes a
/// read, of a version and of a position.
async fn a_projector_wakes_who_waits(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start_told(env, |config| {
        config.redis_timeout_ms = PATIENCE;
        config.read_waits_poll_ms = NEVER;
    })
    .await?;
    listener(&views, 0).await?;
    let world = World::new(&env.config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    for version in 1..=3 {
        let event = match version {
            1 => placed(ID, 1),
            version => noted(ID, version),
        };
        world.append(&[event]).await?;
        let stored = world.stream(ID).await?;
        let position = &stored.last().context("no event")?.envelope.position;
        let order = format!("/v1/orders/{ID}?min_version={version}");
        let list = format!("/v1/orders?min_position={position}");
        let publish = async {
            waiting(&views, 2).await?;
            world.publish().await
        };
        let (order, list, published) = tokio::join!(
            views.get_with(&order, "Prefer", PATIENT),
            views.get_with(&list, "Prefer", PATIENT),
            publish
        );
        published?;
        let order = order.context("the order")?.expect(200)?;
        ensure!(order.json["version"] == version, "{}", order.json);
        let list = list.context("the list")?.expect(200)?;
        ensure!(list.json["data"][0]["version"] == version, "{}", list.json);
    }
    projector.stop().await
}

/// Who finds no place is not kept waiting; a place that is left is another's.
async fn more_than_may_wait_are_answered_at_once(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start_told(env, |config| {
        config.redis_timeout_ms = PATIENCE;
        config.read_waits = 2;
    })
    .await?;
    views.add_order(ID, "W-1", "{\"x\":1}").await?;
    let waits = |version: i64| {
        let path = format!("/v1/orders/{ID}?min_version={version}");
        let request = views.api.request(Method::GET, &path);
        tokio::spawn(answer(request.header("Prefer", PATIENT)))
    };
    let (second, third) = (waits(2), waits(3));
    waiting(&views, 2).await?;
    let path = format!("/v1/orders/{ID}?min_version=3");
    let began = Instant::now();
    let strict = views.get_with(&path, "Prefer", PATIENT).await?;
    let strict = strict.expect_problem(503, "not_yet_visible")?;
    ensure!(strict.header("retry-after") == "1");
    let lenient = views.get_with(&path, "Prefer", "wait=20").await?;
    ensure!(lenient.expect(200)?.json["x"] == 1);
    let took = began.elapsed();
    ensure!(took < Duration::from_secs(15), "they waited for {took:?}");
    let metrics = reqwest::get(format!("{}/metrics", views.role.url())).await?;
    let metrics = metrics.text().await?;
    let refused = "orderlog_read_waits_total{result=\"too_many\"} 2";
    ensure!(metrics.lines().any(|line| line == refused), "{metrics}");

    views.change(ID, 2, "{\"x\":2}").await?;
    views.notify().await?;
    second.await??.expect(200)?;
    let other = waits(3);
    waiting(&views, 2).await?;
    views.change(ID, 3, "{\"x\":3}").await?;
    views.notify().await?;
    for read in [third, other] {
        ensure!(read.await??.expect(200)?.json["x"] == 3);
    }
    Ok(())
}

async fn a_request_that_waits_is_answered_before_the_role_ends(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    views.add_order(ID, "W-1", "{\"x\":1}").await?;
    let request = views
        .api
        .request(Method::GET, &format!("/v1/orders/{ID}?min_version=2"));
    let read = answer(request.header("Prefer", "wait=30"));
    let read = tokio::spawn(read);
    waiting(&views, 1).await?;
    let began = Instant::now();
    let status = views.role.terminate().await?;
    ensure!(status.success(), "{status}");
    let read = read.await??.expect(200)?;
    ensure!(read.json["x"] == 1 && began.elapsed() < Duration::from_secs(20));
    Ok(())
}

async fn the_lag_is_that_of_the_log(env: &TestEnv) -> anyhow::Result<()> {
    let views = Views::start(env).await?;
    lag(&views, "events=0, seconds=0.000").await?;
    let events = infra::postgres::pool(&env.config.events_url, 1)?;
    let insert = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
        event_version, payload, metadata, recorded_at) SELECT 'order', $1, n, 'OrderPlaced', '1', \
        '{}', '{}', now() - interval '1 hour' FROM generate_series(1, $2) n";
    sqlx::query(insert)
        .bind(ID.to_string())
        .bind(3)
        .execute(&events)
        .await?;
    lag(&views, "events=3, seconds=36").await?;
    // Far ahead of anything that was stored.
    views.advance(ID, 1 << 40, 3).await?;
    lag(&views, "events=0, seconds=0.000").await
}

/// Waits until the lag header begins with a text.
async fn lag(views: &Views, text: &str) -> anyhow::Result<()> {
    let what = format!("the lag {text:?}");
    wait_until(&what, async || {
        let answer = views.api.get("/v1/orders").await?;
        let lag = answer.header("orderlog-lag");
        Ok(lag.starts_with(text).then_some(()))
    })
    .await
}

/// Waits until so many requests wait, or more.
async fn waiting(views: &Views, at_least: u32) -> anyhow::Result<()> {
    let url = format!("{}/metrics", views.role.url());
    wait_until("requests to wait", async || {
        let metrics = reqwest::get(&url).await?.text().await?;
        let mut lines = metrics.lines();
        let count = lines.find_map(|line| line.strip_prefix("orderlog_read_waiting "));
        let count: Option<u32> = count.and_then(|count| count.parse().ok());
        Ok((count >= Some(at_least)).then_some(()))
    })
    .await
}

/// Waits until a connection other than `before` listens; its process id.
async fn listener(views: &Views, before: i32) -> anyhow::Result<i32> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
        AND query ILIKE 'LISTEN%orderlog_views%' AND pid <> $1";
    wait_until("a listener", async || {
        let pid = sqlx::query_scalar(sql)
            .bind(before)
            .fetch_optional(&views.pool)
            .await?;
        Ok(pid)
    })
    .await
}
