//! Projectors as processes that are killed, frozen and doubled while they
//! publish, and servers that crash.

use super::{Busy, publishes, topic};
use crate::projections::world::World;
use anyhow::{Result, ensure};
use infra::local_servers::Server;
use rustix::process::Signal;
use std::sync::atomic::{AtomicBool, Ordering};
use tests::{PrivateServers, Role, TestEnv, wait_until};

const LEADS: &str = "publisher.leads";
/// Few enough that each changes several times a second.
const ORDERS: usize = 60;

/// A world in which the log holds published data; only this build can be made
/// of it.
async fn built(env: &TestEnv) -> Result<World> {
    let world = World::new(&env.config).await?;
    world.rebuild().await?;
    Ok(world)
}

async fn ends_well(world: &World) -> Result<()> {
    world.settled().await?;
    topic::settled(&world.views).await?;
    let records = topic::check(&world.config, &world.views).await?;
    ensure!(records > 2 * ORDERS, "{records} records");
    Ok(())
}

/// Its metrics say that nothing waits.
async fn no_lag_is_told(projector: &Role) -> Result<()> {
    let url = format!("{}/metrics", projector.url());
    wait_until("no lag in the metrics", async || {
        let metrics = reqwest::get(&url).await?.text().await?;
        let says = |line: &str| metrics.lines().any(|told| told == line);
        let none = says("orderlog_state_leader{projection=\"orders\"} 1")
            && says("orderlog_state_lag_documents{projection=\"orders\"} 0")
            && says("orderlog_state_lag_seconds{projection=\"orders\"} 0")
            && says("orderlog_state_refused{projection=\"orders\"} 0")
            && says("orderlog_state_republishing{projection=\"orders\"} 0")
            && metrics.contains("orderlog_state_published_total{projection=\"orders\"}");
        Ok(none.then_some(()))
    })
    .await
}

/// The process is killed, whatever it is doing, and started again.
pub async fn killed_while_documents_are_published(env: &TestEnv) -> Result<()> {
    let world = built(env).await?;
    let busy = Busy::begin(&world, ORDERS).await?;
    let done = AtomicBool::new(false);
    let kill = async {
        for _ in 0..5 {
            let mut projector = env.role("projector").spawn()?;
            projector.log_line(LEADS).await?;
            publishes(&world).await?;
            projector.kill9().await?;
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let (changed, killed) = tokio::join!(busy.keep_changing(&world, &done), kill);
    changed?;
    killed?;
    let last = env.role("projector").spawn()?;
    ends_well(&world).await?;
    no_lag_is_told(&last).await?;
    ensure!(last.terminate().await?.success());
    Ok(())
}

/// Another one publishes while it is frozen. When it goes on in the middle of
/// what it was doing, it publishes nothing more of what it had read.
pub async fn a_frozen_publisher_is_overtaken(env: &TestEnv) -> Result<()> {
    let world = built(env).await?;
    let busy = Busy::begin(&world, ORDERS).await?;
    let mut first = env.role("projector").spawn()?;
    first.log_line(LEADS).await?;
    let done = AtomicBool::new(false);
    let freeze = async {
        let (mut frozen, mut other) = (first, env.role("projector").spawn()?);
        for turn in 1..=3 {
            publishes(&world).await?;
            frozen.signal(Signal::STOP)?;
            leads_again(&other, turn).await?;
            publishes(&world).await?;
            frozen.signal(Signal::CONT)?;
            publishes(&world).await?;
            std::mem::swap(&mut frozen, &mut other);
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok([frozen, other])
    };
    let (changed, both) = tokio::join!(busy.keep_changing(&world, &done), freeze);
    changed?;
    let both = both?;
    ends_well(&world).await?;
    for projector in both {
        ensure!(projector.terminate().await?.success());
    }
    Ok(())
}

/// Waits until it leads, in its turn: each of the two does every second time.
async fn leads_again(projector: &Role, turn: usize) -> Result<()> {
    let times = turn.div_ceil(2) + usize::from(turn.is_multiple_of(2));
    wait_until("the other one to lead", async || {
        Ok((projector.log().matches(LEADS).count() >= times).then_some(()))
    })
    .await
}

/// Projectors come and go, so that partitions and the publisher change hands.
pub async fn projectors_take_turns(env: &TestEnv) -> Result<()> {
    let world = built(env).await?;
    let busy = Busy::begin(&world, ORDERS).await?;
    let done = AtomicBool::new(false);
    let turns = async {
        let mut older = env.role("projector").spawn()?;
        older.log_line(LEADS).await?;
        for _ in 0..3 {
            let mut newer = env.role("projector").spawn()?;
            newer.log_line("projector.assigned").await?;
            publishes(&world).await?;
            ensure!(older.terminate().await?.success());
            newer.log_line(LEADS).await?;
            publishes(&world).await?;
            older = newer;
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(older)
    };
    let (changed, last) = tokio::join!(busy.keep_changing(&world, &done), turns);
    changed?;
    ends_well(&world).await?;
    ensure!(last?.terminate().await?.success());
    Ok(())
}

/// Kafka and the views crash one after the other, and come back.
pub async fn servers_crash_while_documents_are_published(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let world = built(env).await?;
    let mut busy = Busy::begin(&world, ORDERS).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    for server in [Server::Kafka, Server::Views, Server::Kafka] {
        for _ in 0..10 {
            busy.change(&world).await?;
        }
        servers.kill(server).await?;
        servers.restart(server).await?;
        projector.ready().await?;
        busy.change(&world).await?;
        world.settled().await?;
        topic::settled(&world.views).await?;
        topic::check(&world.config, &world.views).await?;
    }
    projector.stop().await
}
