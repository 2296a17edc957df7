//! Somebody leaves a transaction open on the log's cluster.

use super::{figure, number, system::System};
use crate::relay::scene::Scene;
use anyhow::{Context as _, Result, ensure};
use sqlx::{Connection as _, PgConnection};
use std::time::{Duration, Instant};
use tests::{TestEnv, wait_until};

/// Seconds, unless `ORDERLOG_CHAOS_HELD` says otherwise.
const HELD: usize = 3;
const AGE: &str = "orderlog_log_horizon_age_seconds ";

/// Commands are stored all the same, the age of the horizon shows, nothing
/// later than the transaction is published while it is open. It is in another
/// database: ids of transactions are the cluster's.
pub async fn a_transaction_stays_open(env: &TestEnv, system: &mut System<'_>) -> Result<()> {
    let held = Duration::from_secs(u64::try_from(number("ORDERLOG_CHAOS_HELD", HELD)?)?);
    let (server, _) = env.config.events_url.rsplit_once('/').context("a path")?;
    let mut stranger = PgConnection::connect(&format!("{server}/postgres")).await?;
    let mut open = stranger.begin().await?;
    let xid: i64 = sqlx::query_scalar("SELECT pg_current_xact_id()::text::bigint")
        .fetch_one(&mut *open)
        .await?;
    let (began, mut rounds) = (Instant::now(), 0);
    while began.elapsed() < held {
        system.clients.are_answered(20).await?;
        rounds += 1;
    }
    wait_until("the age of the horizon to show", async || {
        let age = figure(&system.relay, AGE).await?;
        Ok((age >= held.as_secs_f64()).then_some(()))
    })
    .await?;
    ensure!(figure(&system.relay, "orderlog_relay_lag_events ").await? > 0.0);
    let scene = Scene::existing(&env.config)?;
    let published = scene.published().await?;
    ensure!(!published.is_empty(), "nothing came before it");
    for record in published {
        let at = record.envelope.position.at;
        ensure!(
            at.xid < xid.cast_unsigned(),
            "{at:?} is published past {xid}"
        );
    }
    open.rollback().await?;
    wait_until("the horizon to move", async || {
        let age = figure(&system.relay, AGE).await?;
        Ok((age < 1.0).then_some(()))
    })
    .await?;
    println!(
        "a transaction was open for {} s: {} commands answered meanwhile",
        held.as_secs(),
        rounds * 20
    );
    Ok(())
}
