//! Projectors as processes that are killed and frozen, and servers that
//! crash.

use super::{orders::orders, world::World};
use crate::chaos::fleet::counted;
use anyhow::{Result, ensure};
use infra::local_servers::Server;
use rustix::process::Signal;
use std::sync::atomic::{AtomicBool, Ordering};
use tests::{PrivateServers, Role, TestEnv, wait_until};

const ASSIGNED: &str = "projector.assigned projection=\"orders\"";

/// Events arrive until `done`.
async fn arrive(world: &World, done: &AtomicBool) -> Result<()> {
    while !done.load(Ordering::Relaxed) {
        world.happen(&orders(40)).await?;
    }
    Ok(())
}

/// Waits until something more was applied than now.
async fn moves_on(world: &World) -> Result<()> {
    let now = world.data_version().await?;
    world
        .until("progress", async || Ok(world.data_version().await? > now))
        .await
}

/// Its metrics say that all partitions are at their ends.
async fn no_lag_is_told(projector: &Role) -> Result<()> {
    let url = format!("{}/metrics", projector.url());
    wait_until("no lag in the metrics", async || {
        let metrics = reqwest::get(&url).await?.text().await?;
        let mut lags = metrics
            .lines()
            .filter(|line| line.starts_with("orderlog_projection_lag_events{"))
            .filter(|line| line.contains("projection=\"orders\""));
        let partitions = lags.clone().count();
        Ok((partitions == 12 && lags.all(|line| line.ends_with(" 0"))).then_some(()))
    })
    .await
}

/// The process is killed, whatever it is doing, and started again.
pub async fn killed_while_events_arrive(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    // The log holds published data here, which only this build can be made of.
    world.rebuild().await?;
    let done = AtomicBool::new(false);
    let kill = async {
        for _ in 0..4 {
            let mut projector = env.role("projector").spawn()?;
            projector.log_line(ASSIGNED).await?;
            moves_on(&world).await?;
            projector.kill9().await?;
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let (arrived, killed) = tokio::join!(arrive(&world, &done), kill);
    arrived?;
    killed?;
    let last = env.role("projector").spawn()?;
    world.settled().await?;
    world.check().await?;
    no_lag_is_told(&last).await?;
    ensure!(last.terminate().await?.success());
    Ok(())
}

/// What a projector says that it was given again, and passed over, is what it was:
/// the chaos of projectors goes by it.
pub async fn what_is_delivered_again_is_counted(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.rebuild().await?;
    // Of several workers the first ones would be given the partitions twice.
    let projector = env
        .role("projector")
        .config(|told| told.projector_workers = 1);
    let mut projector = projector.spawn()?;
    projector.log_line(ASSIGNED).await?;
    let events = orders(60);
    let all = u64::try_from(events.len())?;
    world.happen(&events).await?;
    world.settled().await?;
    for again in [0, all, 2 * all] {
        let told = wait_until("the metrics to tell", async || {
            let told = counted(&projector).await?;
            Ok((told.applied + told.skipped >= all + again).then_some(told))
        })
        .await?;
        ensure!(told.applied == all && told.skipped == again, "{told}");
        ensure!(told.delivered == all + again, "{told}");
        world.forget_published().await;
        world.publish().await?;
    }
    ensure!(projector.terminate().await?.success());
    Ok(())
}

/// Its partitions go to another one; when it goes on in the middle of what it
/// was doing, it writes nothing more with what it had.
pub async fn a_frozen_projector_is_overtaken(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.rebuild().await?;
    let mut first = env.role("projector").spawn()?;
    first.log_line(ASSIGNED).await?;
    let done = AtomicBool::new(false);
    let freeze = async {
        moves_on(&world).await?;
        first.signal(Signal::STOP)?;
        let mut second = env.role("projector").spawn()?;
        second.log_line(ASSIGNED).await?;
        moves_on(&world).await?;
        first.signal(Signal::CONT)?;
        moves_on(&world).await?;
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(second)
    };
    let (arrived, second) = tokio::join!(arrive(&world, &done), freeze);
    arrived?;
    let second = second?;
    world.settled().await?;
    world.check().await?;
    ensure!(first.terminate().await?.success());
    ensure!(second.terminate().await?.success());
    Ok(())
}

/// Kafka, the views and the log crash one after the other while a projector
/// runs: it waits, and goes on when they are back. It can be stopped while one
/// is away.
pub async fn each_server_crashes(env: &TestEnv, servers: &PrivateServers) -> Result<()> {
    let world = World::new(&env.config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.happen(&orders(200)).await?;
    world.settled().await?;
    for server in [Server::Kafka, Server::Views, Server::Events] {
        servers.kill(server).await?;
        if server != Server::Events {
            world
                .until_role(|| !projector.status.ready(), "the role to notice")
                .await?;
        }
        servers.restart(server).await?;
        projector.ready().await?;
        world.happen(&orders(200)).await?;
        world.settled().await?;
        world.check().await?;
    }
    ensure!(
        world.data_version().await?.0 == 1,
        "a crash is no reason to rebuild"
    );
    servers.kill(Server::Kafka).await?;
    world
        .until_role(|| !projector.status.ready(), "the role to notice")
        .await?;
    projector.stop().await
}
