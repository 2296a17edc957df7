//! Read replicas: a real standby that can be made to stand still, and servers
//! that can be cut off.

use super::views::{Views, ids_of, token};
use crate::proxy::Proxy;
use anyhow::{Context as _, ensure};
use infra::{config::Config, local_servers::Server, postgres::pool};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Instant;
use tests::{PrivateServers, TestEnv, on_replicated_servers, on_servers, wait_until};
use uuid::Uuid;

pub fn trials() -> Vec<Trial> {
    macro_rules! on {
        ($on:ident: $($test:ident),+ $(,)?) => {
            vec![$($on(
                concat!("read_api::replicas::", stringify!($test)),
                $test,
            )),+]
        };
    }
    [
        on![on_replicated_servers: a_standby_is_read_from_and_never_behind_what_is_asked_for],
        on![on_servers:
            a_replica_that_is_cut_off_is_left_alone_and_comes_back,
            a_replica_that_falls_silent_keeps_nobody_waiting_for_long,
            without_the_primary_everything_is_read_from_a_replica,
        ],
    ]
    .into_iter()
    .flatten()
    .collect()
}

const ID: Uuid = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0021);

async fn a_standby_is_read_from_and_never_behind_what_is_asked_for(
    env: &TestEnv,
    servers: &PrivateServers,
) -> anyhow::Result<()> {
    let views = Views::with_orders(env, 20).await?;
    let standby = pool(&env.config.views_read_urls[0], 2)?;
    views.advance(ID, 5, 1).await?;
    listed(&views, 20).await?;
    lists_come_from_the_standby(&views, &standby).await?;
    a_doctor_sees_it_stand_still(env).await?;
    what_was_written_is_read(&views, &standby).await?;
    a_standby_far_behind_is_not_asked(env, &views, &standby).await?;
    a_killed_standby_is_missed_by_nobody(&views, servers).await
}

/// What the standby has not replayed yet is in no list, and in every answer
/// about one order.
async fn lists_come_from_the_standby(views: &Views, standby: &PgPool) -> anyhow::Result<()> {
    pause(standby).await?;
    views.add_order(ID, "W-1", "{\"n\":1}").await?;
    for path in ["/v1/orders?limit=200", "/v1/orders?limit=200&count=exact"] {
        let list = views.api.get(path).await?.expect(200)?;
        ensure!(ids_of(&list).len() == 20, "{}", list.json);
    }
    ensure!(looked_up(views, "").await? == 0, "not there yet");
    let one = views.api.get(&format!("/v1/orders/{ID}")).await?;
    ensure!(one.expect(200)?.json["n"] == 1);
    let history = views.api.get(&format!("/v1/orders/{ID}/events")).await?;
    history.expect(200)?;
    ensure!(sessions(standby).await? > 0);
    Ok(())
}

async fn a_doctor_sees_it_stand_still(env: &TestEnv) -> anyhow::Result<()> {
    let told = env.orderlog_ok(&["doctor", "--json"]).await?;
    let told: Value = serde_json::from_str(&told)?;
    let servers = told["servers"].as_array().context("a list")?;
    let replica = servers.iter().find(|server| {
        let name = server["name"].as_str().unwrap_or_default();
        name.starts_with("views replica 127.0.0.1:")
    });
    let replica = replica.context("the replica")?;
    ensure!(replica["answers"] == true && replica["holds"][0] == "follows the primary");
    ensure!(
        told["findings"].to_string().contains("stands still"),
        "{told}"
    );
    Ok(())
}

async fn what_was_written_is_read(views: &Views, standby: &PgPool) -> anyhow::Result<()> {
    views.advance(ID, 8, 2).await?;
    let position = format!("min_position={}", token(ID, 8));
    let path = format!("/v1/orders?limit=200&{position}");
    let strict = "wait=0, handling=strict";
    for _ in 0..5 {
        let list = views.get_with(&path, "Prefer", strict).await?.expect(200)?;
        ensure!(ids_of(&list).len() == 21, "the primary has it");
        ensure!(looked_up(views, &position).await? == 1);
        let figures = format!("/v1/statistics/orders?{position}");
        let figures = views.get_with(&figures, "Prefer", strict).await?;
        ensure!(figures.expect(200)?.json["version"] == "1-2");
        // Whoever asks for nothing in particular is not told an older state
        // than the one before.
        let plain = views.api.get("/v1/statistics/orders").await?;
        ensure!(plain.expect(200)?.json["version"] == "1-2");
    }
    ensure!(ids_of(&views.api.get("/v1/orders?limit=200").await?).len() == 20);
    // What nobody has yet is waited for, and then read where it is.
    let later = format!("/v1/orders?limit=200&min_position={}", token(ID, 9));
    let patient = "wait=20, handling=strict";
    let write = async {
        views.advance(ID, 9, 3).await?;
        views.notify().await
    };
    let (read, written) = tokio::join!(views.get_with(&later, "Prefer", patient), write);
    written?;
    ensure!(ids_of(&read?.expect(200)?).len() == 21);

    resume(standby).await?;
    listed(views, 21).await?;
    let before = answered(views, REPLICA).await?;
    wait_until("the standby to have the position", async || {
        views
            .get_with(&later, "Prefer", strict)
            .await?
            .expect(200)?;
        let now = answered(views, REPLICA).await?;
        // One to ask where it is, one to read.
        Ok((now >= before + 2).then_some(()))
    })
    .await
}

async fn a_standby_far_behind_is_not_asked(
    env: &TestEnv,
    views: &Views,
    standby: &PgPool,
) -> anyhow::Result<()> {
    pause(standby).await?;
    let events = pool(&env.config.events_url, 1)?;
    let insert = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, \
        event_version, payload, metadata, recorded_at) SELECT 'order', $1, n, 'OrderPlaced', '1', \
        '{}', '{}', now() - interval '1 hour' FROM generate_series(1, 3) n";
    let inserted = sqlx::query(insert).bind(ID.to_string());
    inserted.execute(&events).await?;
    // Far ahead of anything that was stored.
    views.advance(ID, 1 << 40, 4).await?;
    views.add_orders(30, 39).await?;
    listed(views, 31).await?;
    let replica = projections(views).await?["replicas"][0].clone();
    ensure!(
        replica["answers"] == true && replica["events"] == 3,
        "{replica}"
    );
    ensure!(replica["seconds"].as_f64() > Some(3_000.0), "{replica}");
    let list = views.api.get("/v1/orders").await?.expect(200)?;
    ensure!(
        list.header("orderlog-lag").starts_with("events=0"),
        "the primary's"
    );
    resume(standby).await
}

async fn a_killed_standby_is_missed_by_nobody(
    views: &Views,
    servers: &PrivateServers,
) -> anyhow::Result<()> {
    read_by(views, REPLICA).await?;
    servers.kill(Server::Standby).await?;
    for _ in 0..20 {
        let list = views.api.get("/v1/orders?limit=200").await?.expect(200)?;
        ensure!(ids_of(&list).len() == 31);
        views.api.get("/v1/statistics/orders").await?.expect(200)?;
    }
    wait_until("the standby to be seen away", async || {
        let replica = projections(views).await?["replicas"][0].clone();
        Ok((replica["answers"] == false).then_some(()))
    })
    .await?;
    servers.restart(Server::Standby).await?;
    read_by(views, REPLICA).await
}

/// A read API with the same database once more, behind a proxy, as its replica.
async fn with_a_cut_replica(env: &TestEnv) -> anyhow::Result<(Proxy, Views)> {
    let proxy = Proxy::start(&env.config.views_url).await?;
    let views = Views::start_told(env, |config| told(config, [proxy.url()])).await?;
    views.add_orders(1, 3).await?;
    read_by(&views, REPLICA).await?;
    Ok((proxy, views))
}

fn told<const N: usize>(config: &mut Config, replicas: [String; N]) {
    config.views_read_urls = replicas.into_iter().collect();
    config.redis_timeout_ms = super::views::PATIENCE;
}

async fn a_replica_that_is_cut_off_is_left_alone_and_comes_back(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let (proxy, mut views) = with_a_cut_replica(env).await?;
    proxy.refuse();
    for _ in 0..20 {
        let list = views.api.get("/v1/orders").await?.expect(200)?;
        ensure!(ids_of(&list).len() == 3);
    }
    read_by(&views, PRIMARY).await?;
    let ready = reqwest::get(format!("{}/readyz", views.role.url())).await?;
    ensure!(ready.status() == 200);
    proxy.accept();
    read_by(&views, REPLICA).await?;
    views.role.log_line("views.server_left_alone").await?;
    Ok(())
}

async fn a_replica_that_falls_silent_keeps_nobody_waiting_for_long(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let (proxy, views) = with_a_cut_replica(env).await?;
    proxy.fall_silent();
    let began = Instant::now();
    let list = views.api.get("/v1/orders").await?.expect(200)?;
    ensure!(ids_of(&list).len() == 3);
    // Its statement may take 30 s, and its connection for ever.
    ensure!(began.elapsed().as_secs() < 15, "{:?}", began.elapsed());
    Ok(())
}

async fn without_the_primary_everything_is_read_from_a_replica(
    env: &TestEnv,
) -> anyhow::Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let proxy = Proxy::start(&env.config.views_url).await?;
    let replica = env.config.views_url.clone();
    let mut views = Views::start_told(env, |config| {
        config.views_url = proxy.url();
        told(config, [replica]);
    })
    .await?;
    views.add_order(ID, "W-1", "{\"n\":1}").await?;
    views.advance(ID, 5, 1).await?;
    let one = format!("/v1/orders/{ID}");
    ensure!(views.api.get(&one).await?.expect(200)?.json["n"] == 1);
    proxy.refuse();
    views.role.log_line("views.server_left_alone").await?;
    let position = format!("min_position={}", token(ID, 5));
    for path in [
        "/v1/orders".to_owned(),
        "/v1/statistics/orders".to_owned(),
        one.clone(),
        format!("{one}?expand=events,customer"),
        format!("{one}?min_version=1"),
        format!("/v1/orders?{position}"),
        format!("{one}/events?{position}"),
    ] {
        views.api.get(&path).await?.expect(200)?;
    }
    let missing = format!("/v1/orders/{}", Uuid::nil());
    let missing = views.api.get(&missing).await?;
    missing.expect_problem(404, "order_not_found")?;
    let strict = format!("{one}?min_version=2");
    let strict = views.get_with(&strict, "Prefer", "wait=0, handling=strict");
    strict.await?.expect_problem(503, "not_yet_visible")?;
    let ready = reqwest::get(format!("{}/readyz", views.role.url())).await?;
    ensure!(ready.status() == 200);
    proxy.accept();
    views.role.log_line("views.server_answers").await?;
    Ok(())
}

const PRIMARY: &str = "server=\"primary\"";
const REPLICA: &str = "server=\"127.0.0.1:";

/// Waits until a list was read from this server.
async fn read_by(views: &Views, server: &str) -> anyhow::Result<()> {
    let before = answered(views, server).await?;
    wait_until(server, async || {
        views.api.get("/v1/orders").await?.expect(200)?;
        Ok((answered(views, server).await? > before).then_some(()))
    })
    .await
}

/// Reads that this server has answered.
async fn answered(views: &Views, server: &str) -> anyhow::Result<u64> {
    let metrics = reqwest::get(format!("{}/metrics", views.role.url())).await?;
    let metrics = metrics.text().await?;
    let line = metrics.lines().find(|line| {
        line.starts_with("orderlog_views_reads_total{")
            && line.contains(server)
            && line.contains("result=\"answered\"")
    });
    let count = line.and_then(|line| line.rsplit_once(' '));
    count.map_or(Ok(0), |(_, count)| Ok(count.parse()?))
}

/// Waits until a list has so many orders.
async fn listed(views: &Views, count: usize) -> anyhow::Result<()> {
    let what = format!("{count} orders in the list");
    wait_until(&what, async || {
        let list = views.api.get("/v1/orders?limit=200").await?;
        let there = list.status == 200 && ids_of(&list).len() == count;
        Ok(there.then_some(()))
    })
    .await
}

/// How many orders of [`ID`] are found.
async fn looked_up(views: &Views, query: &str) -> anyhow::Result<usize> {
    let path = format!("/v1/orders/lookup?{query}");
    let found = views.api.post(&path, &json!({ "ids": [ID] })).await?;
    let found = found.expect(200)?;
    Ok(found.json["data"].as_array().context("a list")?.len())
}

async fn projections(views: &Views) -> anyhow::Result<Value> {
    Ok(views
        .api
        .get("/v1/admin/projections")
        .await?
        .expect(200)?
        .json)
}

/// Sessions that read orders there.
async fn sessions(standby: &PgPool) -> anyhow::Result<i64> {
    let sessions = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
            AND application_name = 'orderlog' AND query LIKE '%FROM orders%' \
            AND pid <> pg_backend_pid()",
    );
    Ok(sessions.fetch_one(standby).await?)
}

async fn pause(standby: &PgPool) -> anyhow::Result<()> {
    sqlx::query("SELECT pg_wal_replay_pause()")
        .execute(standby)
        .await?;
    wait_until("replay to stand still", async || {
        let state = sqlx::query_scalar::<_, String>("SELECT pg_get_wal_replay_pause_state()");
        Ok((state.fetch_one(standby).await? == "paused").then_some(()))
    })
    .await
}

async fn resume(standby: &PgPool) -> anyhow::Result<()> {
    sqlx::query("SELECT pg_wal_replay_resume()")
        .execute(standby)
        .await?;
    Ok(())
}
