//! Killing what carries events, in the middle of an import.

use super::synthetic;
use super::system::System;
use anyhow::{Context as _, ensure};
use infra::local_servers::Server;
use tests::{PrivateServers, TestEnv, wait_until};

const INVOICES: u64 = 4_000;

pub async fn killed_roles_and_kafka_lose_and_double_nothing(
    env: &TestEnv,
    servers: &PrivateServers,
) -> anyhow::Result<()> {
    let mut system = System::start(env).await?;
    let (text, shape) = synthetic::file(INVOICES);
    let file = system.file(&text)?;
    let args = system.import_args(&file, &["--concurrency", "16"])?;
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let importer = env.role("import").args(&args).spawn()?;

    at(&system, INVOICES / 8).await?;
    kill_roles(env, &mut system).await?;
    at(&system, INVOICES / 4).await?;
    servers.kill(Server::Kafka).await?;
    at(&system, INVOICES / 2).await?;
    servers.restart(Server::Kafka).await?;
    kill_roles(env, &mut system).await?;
    at(&system, INVOICES * 3 / 4).await?;
    kill_roles(env, &mut system).await?;

    ensure!(
        importer.ended().await?.success(),
        "commands need neither Kafka nor the views"
    );
    system
        .verify_clean(shape.invoices - shape.stock_movements)
        .await
}

/// Waits until so many orders are stored: the import is in its middle.
async fn at(system: &System<'_>, orders: u64) -> anyhow::Result<()> {
    let orders = i64::try_from(orders)?;
    let what = format!("{orders} orders in the log");
    wait_until(&what, async || {
        Ok((system.logged().await? >= orders).then_some(()))
    })
    .await
}

/// kill -9 of relay and projector, and a new one of each.
async fn kill_roles(env: &TestEnv, system: &mut System<'_>) -> anyhow::Result<()> {
    system.relay.take().context("a relay")?.kill9().await?;
    system
        .projector
        .take()
        .context("a projector")?
        .kill9()
        .await?;
    system.relay = Some(env.role("relay").spawn()?);
    system.projector = Some(env.role("projector").spawn()?);
    Ok(())
}
