//! Whatever befalls projectors and what they stand on, while orders are placed
//! and paid: at rest the views are what the log says.

use super::{clients::Clients, fleet::Fleet, number};
use anyhow::{Context as _, Result, ensure};
use infra::postgres::pool;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tests::{Api, PrivateServers, TestEnv, wait_until};

/// Blows, unless `ORDERLOG_CHAOS_KILLS` says otherwise.
const BLOWS: usize = 12;

pub async fn whatever_befalls_projectors_the_views_equal_the_log(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let seed = u64::try_from(number("ORDERLOG_CHAOS_SEED", 1)?)?;
    let blows = number("ORDERLOG_CHAOS_KILLS", BLOWS)?;
    env.orderlog_ok(&["migrate"]).await?;
    let mut command_api = env.role("command-api").spawn()?;
    let mut read_api = env.role("read-api").spawn()?;
    let _relay = env.role("relay").spawn()?;
    command_api.ready().await?;
    read_api.ready().await?;
    let reads = Api::new(env, &read_api).await?;
    let mut fleet = Fleet::start(env, servers, seed).await?;
    let address = vec![command_api.url().to_owned()];
    let mut clients = Clients::start(env, Arc::new(Mutex::new(address))).await?;
    for _ in 0..blows {
        clients.are_answered(40).await?;
        fleet.strike(&mut clients).await?;
        reads.get("/v1/statistics/orders").await?;
    }
    clients.are_answered(40).await?;
    clients.stop().await?;

    let verified = env
        .orderlog(&["verify", "--json", "--wait", "180s"])
        .await?;
    let error = String::from_utf8_lossy(&verified.stderr).into_owned();
    let report: Value = serde_json::from_slice(&verified.stdout).context(error)?;
    let counted = fleet.counted().await?;
    let events = report["log_events"].as_u64().context("a count")?;
    println!(
        "chaos of projectors of seed {seed}, {blows} blows ({}): {events} events, {counted}, \
         differences {}",
        fleet.tally(),
        report["differences"],
    );
    ensure!(report["differences"] == 0, "{report}");
    // Else nothing was to be told apart.
    ensure!(
        counted.skipped > 0,
        "nothing was delivered again: {counted}"
    );
    ensure!(events > 0 && report["kafka_records"] == events, "{report}");
    let views = pool(&env.config.views_url, 1)?;
    let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM parked_orders")
        .fetch_one(&views)
        .await?;
    ensure!(parked == 0, "{parked} parked: nothing was an order's fault");
    wait_until("the statistics to be those of the log", async || {
        let told = reads.get("/v1/statistics/orders").await?.expect(200)?;
        let rows = told.json["data"].as_array().context("rows")?;
        let orders: u64 = rows.iter().filter_map(|row| row["orders"].as_u64()).sum();
        Ok((Some(orders) == report["log_orders"].as_u64()).then_some(()))
    })
    .await
}
