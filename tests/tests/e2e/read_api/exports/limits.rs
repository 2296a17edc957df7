//! Clients that do not read, and what exports cost.

use super::{super::views::Views, files::export};
use crate::proxy::Proxy;
use anyhow::{Context as _, Result, ensure};
use infra::config::Config;
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;
use tests::{Api, TestEnv, wait_until};
use tokio::{io::AsyncReadExt as _, net::TcpStream, time::timeout};

super::super::suite![
    a_client_that_takes_nothing_gives_its_place_and_its_connection_back,
    an_export_ends_with_its_time,
    a_client_that_hangs_up_ends_its_statement,
    a_revoked_key_ends_its_exports,
    the_head_does_not_wait_for_the_first_row,
    memory_does_not_grow_with_the_export,
];

/// Orders with documents of 200 kB: some 60 MB, more than is buffered anywhere.
const LARGE: i32 = 300;
const EXPORT: &str = "/v1/orders.ndjson";

async fn large(env: &TestEnv, change: impl FnOnce(&mut Config)) -> Result<Views> {
    let views = Views::start_told(env, change).await?;
    views.add_orders(1, LARGE).await?;
    let grow = "UPDATE orders SET document = json_build_object('id', id, 'padding', repeat('x', 200000))::text";
    views.execute(grow).await?;
    Ok(views)
}

/// A client that reads the head of its export, and nothing else.
async fn idle(views: &Views) -> Result<TcpStream> {
    idle_with(&views.api).await
}

async fn idle_with(api: &Api) -> Result<TcpStream> {
    let mut connection = api.connect(EXPORT).await?;
    let mut head = [0; 12];
    connection.read_exact(&mut head).await?;
    ensure!(
        &head == b"HTTP/1.1 200",
        "{}",
        String::from_utf8_lossy(&head)
    );
    Ok(connection)
}

/// Connections of exports to this test's views.
async fn connections(views: &Views) -> Result<i64> {
    let count = "SELECT count(*) FROM pg_stat_activity \
          WHERE application_name = 'orderlog export' AND datname = current_database()";
    Ok(sqlx::query_scalar(count).fetch_one(&views.pool).await?)
}

async fn given_back(views: &Views) -> Result<()> {
    wait_until("the connection to be given back", async || {
        Ok((connections(views).await? == 0).then_some(()))
    })
    .await
}

/// What is left of an answer: it is cut, has neither a trailer nor an end.
async fn is_cut(mut connection: TcpStream) -> Result<()> {
    let mut rest = Vec::new();
    // Cut off, or reset: both are no end.
    let _ = connection.read_to_end(&mut rest).await;
    ensure!(!rest.ends_with(b"0\r\n\r\n"), "it looks whole");
    let trailer = b"{\"trailer\"";
    ensure!(
        !rest.windows(trailer.len()).any(|w| w == trailer),
        "a trailer"
    );
    Ok(())
}

async fn has_metric(views: &Views, line: &str) -> Result<()> {
    wait_until(line, async || {
        let metrics = reqwest::get(format!("{}/metrics", views.role.url()));
        let metrics = metrics.await?.text().await?;
        Ok(metrics.contains(line).then_some(()))
    })
    .await
}

fn outcome(outcome: &str) -> String {
    format!(
        "orderlog_exports_total{{export=\"orders\",format=\"ndjson\",outcome=\"{outcome}\"}} 1\n"
    )
}

async fn a_client_that_takes_nothing_gives_its_place_and_its_connection_back(
    env: &TestEnv,
) -> Result<()> {
    let told = |config: &mut Config| {
        config.exports_at_once = 1;
        config.export_stall_seconds = 2;
        config.redis_timeout_ms = super::super::views::PATIENCE;
    };
    let views = large(env, told).await?;
    let stalled = idle(&views).await?;
    ensure!(connections(&views).await? == 1);
    let refused = views.api.get(EXPORT).await?;
    let refused = refused.expect_problem(503, "too_many_exports")?;
    ensure!(refused.header("retry-after") == "5");
    // Others do not notice.
    views.api.get("/v1/orders?limit=5").await?.expect(200)?;
    given_back(&views).await?;
    has_metric(&views, &outcome("stalled")).await?;
    let (lines, _) = export(&views.api, EXPORT).await?.lines()?;
    ensure!(lines.len() == usize::try_from(LARGE)?);
    is_cut(stalled).await
}

async fn an_export_ends_with_its_time(env: &TestEnv) -> Result<()> {
    let views = large(env, |config| config.export_seconds = 1).await?;
    let slow = idle(&views).await?;
    given_back(&views).await?;
    has_metric(&views, &outcome("too_long")).await?;
    is_cut(slow).await
}

async fn a_client_that_hangs_up_ends_its_statement(env: &TestEnv) -> Result<()> {
    let views = large(env, |_| {}).await?;
    let gone = idle(&views).await?;
    ensure!(connections(&views).await? == 1);
    drop(gone);
    given_back(&views).await?;
    has_metric(&views, &outcome("gone")).await?;
    has_metric(&views, "orderlog_exports_running{export=\"orders\"} 0\n").await
}

/// Read so slowly that the key is looked at before the end.
async fn a_revoked_key_ends_its_exports(env: &TestEnv) -> Result<()> {
    let views = large(env, |_| {}).await?;
    let made = env.orderlog_ok(&["api-key", "create", "--json"]).await?;
    let made: Value = serde_json::from_str(&made)?;
    let text = |name: &str| made[name].as_str().context("no such member");
    let proxy = Proxy::start(views.api.url()).await?;
    proxy.delay(Duration::from_millis(50));
    let revoked = Api::with_key(&proxy.url(), text("secret")?);
    let slow = idle_with(&revoked).await?;
    env.orderlog_ok(&["api-key", "revoke", text("id")?]).await?;
    is_cut(slow).await?;
    has_metric(&views, &outcome("gone")).await
}

/// How much more memory exports of 60 MB may take, in KiB: 24 to 32 MiB are
/// usual, most of it what the allocator keeps.
const MOST_KIB: u64 = 48 << 10;

async fn memory_does_not_grow_with_the_export(env: &TestEnv) -> Result<()> {
    let views = large(env, |_| {}).await?;
    views.api.get("/v1/orders?limit=5").await?.expect(200)?;
    let before = views.role.resident_kib()?;
    for _ in 0..3 {
        let file = export(&views.api, EXPORT).await?;
        ensure!(file.body.len() > 60_000_000, "{}", file.body.len());
    }
    let more = views.role.resident_kib()?.saturating_sub(before);
    eprintln!("{more} KiB more after exports of 60 MB");
    ensure!(more < MOST_KIB, "{more} KiB more after exports of 60 MB");
    Ok(())
}

async fn the_head_does_not_wait_for_the_first_row(env: &TestEnv) -> Result<()> {
    let views = Views::with_orders(env, 3).await?;
    let mut other = views.pool.begin().await?;
    sqlx::query("LOCK TABLE orders")
        .execute(&mut *other)
        .await?;
    let head = views.api.request(Method::GET, EXPORT).send();
    let response = timeout(Duration::from_secs(10), head).await??;
    ensure!(response.status() == 200, "{}", response.status());
    other.rollback().await?;
    let lines = response.text().await?.lines().count();
    ensure!(lines == 4, "{lines} lines");
    Ok(())
}
