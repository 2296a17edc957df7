//! Each event once and in order, whatever happens meanwhile.

use super::scene::{Scene, append};
use anyhow::{Result, ensure};
use infra::{
    clock,
    config::Config,
    local_servers::{LocalServers, Server},
    relay::RelayState,
};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::sleep};

/// Appends that commit, that are rolled back, and that are held open while
/// later ones commit: an identity taken early and committed late is what a
/// cursor without a horizon loses.
pub async fn racing_appends(config: Config) -> Result<()> {
    let scene = Arc::new(Scene::new(&config).await?);
    let relay = scene.relay()?;
    let mut writers = JoinSet::new();
    for writer in 0..16_u64 {
        let scene = Arc::clone(&scene);
        writers.spawn(async move { write(&scene, writer).await });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    let mut relay = relay;
    relay.has_published(16 * 20 * 2).await?;
    relay.stop().await?;
    let events = scene.check_published_once().await?;
    ensure!(events == 16 * 20 * 2, "{events} events in the log");
    Ok(())
}

/// Twenty committed appends of two events each to one aggregate, held open for
/// 0 to 40 ms, and as many that are rolled back.
async fn write(scene: &Scene, writer: u64) -> Result<()> {
    let aggregate = clock::new_id();
    for round in 0..20_i64 {
        let mut aborted = scene.log.begin().await?;
        append(&mut *aborted, clock::new_id(), 1..=3).await?;
        let mut kept = scene.log.begin().await?;
        append(&mut *kept, aggregate, 2 * round + 1..=2 * round + 2).await?;
        let held = (writer * 7 + round.unsigned_abs() * 3) % 5 * 10;
        sleep(Duration::from_millis(held)).await;
        kept.commit().await?;
        aborted.rollback().await?;
    }
    Ok(())
}

/// An append that stays open keeps everything after it back, and comes first.
pub async fn nothing_passes_an_open_append(scene: &Scene) -> Result<()> {
    let mut relay = scene.relay()?;
    relay.is(RelayState::Leading).await?;
    scene.append(clock::new_id(), 1..=1).await?;
    relay.has_published(1).await?;
    let late = clock::new_id();
    let mut open = scene.log.begin().await?;
    append(&mut *open, late, 1..=1).await?;
    for _ in 0..10 {
        scene.append(clock::new_id(), 1..=1).await?;
    }
    // The only way to see that nothing happens is to give it time to happen.
    sleep(Duration::from_millis(500)).await;
    ensure!(
        relay.status.borrow().published == 1,
        "published past the horizon"
    );
    open.commit().await?;
    relay.has_published(12).await?;
    relay.stop().await?;
    scene.check_published_once().await?;
    Ok(())
}

/// The relay crashes in the middle of a backlog, four times.
pub async fn killed_in_a_backlog(config: Config) -> Result<()> {
    let scene = Scene::new(&config).await?;
    let stored = scene.backlog(4_000, 10).await?;
    for _ in 0..4 {
        scene
            .relay_crashes(async |relay| relay.has_published(5_000).await)
            .await?;
    }
    let mut relay = scene.relay()?;
    relay.is(RelayState::Leading).await?;
    scene.append(clock::new_id(), 1..=5).await?;
    relay.has_reached(scene.last_position().await?).await?;
    relay.stop().await?;
    let events = scene.check_published_once().await?;
    ensure!(events as u64 == stored + 5, "{events} events in the log");
    Ok(())
}

/// Kafka crashes in the middle of a backlog and comes back; then it is away
/// for longer than the relay waits, and appends go on.
pub async fn kafka_restarts(servers: &LocalServers, scene: &Scene) -> Result<()> {
    scene.backlog(4_000, 10).await?;
    let mut relay = scene.relay()?;
    relay.has_published(5_000).await?;
    servers.kill(Server::Kafka).await?;
    servers.restart(Server::Kafka).await?;
    relay.has_reached(scene.last_position().await?).await?;
    scene.check_published_once().await?;

    servers.stop_one(Server::Kafka).await?;
    scene.backlog(400, 10).await?;
    relay.is(RelayState::KafkaUnreachable).await?;
    ensure!(!relay.status.borrow().is_ready());
    servers.restart(Server::Kafka).await?;
    relay.has_reached(scene.last_position().await?).await?;
    relay.stop().await?;
    scene.check_published_once().await?;
    Ok(())
}

/// Postgres crashes in the middle of a backlog: the lock is lost with it, and
/// whoever gets it next goes on.
pub async fn postgres_restarts(servers: &LocalServers, scene: &Scene) -> Result<()> {
    scene.backlog(4_000, 10).await?;
    let mut relay = scene.relay()?;
    relay.has_published(5_000).await?;
    servers.kill(Server::Events).await?;
    relay.is(RelayState::LogUnreachable).await?;
    servers.restart(Server::Events).await?;
    relay.has_reached(scene.last_position().await?).await?;
    relay.stop().await?;
    scene.check_published_once().await?;
    Ok(())
}
