//! Collectors that take nothing.

use super::{
    collector::Collector,
    scene::{place, traced},
};
use anyhow::{Result, ensure};
use infra::local_servers::free_port;
use std::time::{Duration, Instant};
use tests::{Api, Role, TestEnv, wait_until};

/// Far more than so many commands take, and far less than a collector may.
const ALL_WITHIN: Duration = Duration::from_secs(8);
/// What is left may take three seconds.
const ENDS_WITHIN: Duration = Duration::from_secs(8);

pub async fn a_collector_that_is_away_or_hangs_delays_nobody(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let nowhere = format!("http://127.0.0.1:{}", free_port()?);
    let mut role = traced(env, "command-api", &nowhere, 1.0).spawn()?;
    role.ready().await?;
    commands(env, &role).await?;
    role.log_line("traces.collector_away").await?;
    wait_until("lost spans to be counted", async || {
        let metrics = reqwest::get(format!("{}/metrics", role.url())).await?;
        let metrics = metrics.text().await?;
        let lost = metrics
            .lines()
            .find(|line| line.starts_with("orderlog_spans_dropped_total{reason=\"not_taken\"}"));
        Ok(lost.filter(|line| !line.ends_with(" 0")).map(|_| ()))
    })
    .await?;
    commands(env, &role).await?;
    let log = role.log_path();
    ends(role).await?;
    let log = std::fs::read_to_string(log)?;
    let told = log.matches("traces.collector_away").count();
    ensure!(told == 1, "told {told} times");

    let hanging = Collector::hanging().await?;
    let mut role = traced(env, "command-api", &hanging.url, 1.0).spawn()?;
    role.ready().await?;
    commands(env, &role).await?;
    ends(role).await
}

async fn commands(env: &TestEnv, role: &Role) -> Result<()> {
    let api = Api::new(env, role).await?;
    let began = Instant::now();
    for _ in 0..20 {
        place(&api, None).await?;
    }
    let took = began.elapsed();
    ensure!(took < ALL_WITHIN, "commands took {took:?}");
    Ok(())
}

async fn ends(role: Role) -> Result<()> {
    let began = Instant::now();
    ensure!(role.terminate().await?.success());
    let took = began.elapsed();
    ensure!(took < ENDS_WITHIN, "it took {took:?} to end");
    Ok(())
}
