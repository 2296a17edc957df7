//! The announcement on Kafka: once on each partition, in its place.

use super::backup::Backup;
use crate::relay::scene::{Announced, Scene};
use anyhow::{Result, ensure};
use contracts::{PositionToken, topics::ORDER_EVENTS_PARTITIONS};
use infra::{clock, relay::RelayState};
use tests::TestEnv;
use uuid::Uuid;

/// In the log restored there are events that were not published yet, and events
/// of the new epoch before any relay runs.
pub async fn older_events_come_before_and_newer_ones_after_the_announcement(
    env: &TestEnv,
) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let order = clock::new_id();
    let mut relay = scene.relay()?;
    scene.append(order, 1..=10).await?;
    relay.has_published(10).await?;
    relay.stop().await?;
    scene.append(order, 11..=15).await?;
    let last = scene.last_position().await?;

    Backup::take(&env.config.events_url)
        .await?
        .restore()
        .await?;
    let reason = scene.relay()?.failure().await?;
    ensure!(reason.contains("orderlog epoch bump"), "{reason}");
    let said = bump(env).await?;
    ensure!(said.contains("Epoch 2 has begun"), "{said}");
    let said = bump(env).await?;
    ensure!(said.contains("Nothing to do"), "{said}");
    scene.append(order, 16..=18).await?;

    let mut relay = scene.relay()?;
    relay.has_published(3).await?;
    relay.stop().await?;
    ensure!(scene.check_published_once().await? == 18);
    let announced = scene.announced().await?;
    check_once_per_partition(&announced)?;
    for announcement in &announced {
        let token: Option<PositionToken> = announcement
            .data
            .last_position
            .as_deref()
            .map(str::parse)
            .transpose()?;
        ensure!(token.is_some_and(|token| token.at == last));
        ensure!(announcement.data.reason.as_deref() == Some("a test"));
    }
    check_order(&scene, order, &announced).await?;

    // It was announced for good.
    let mut relay = scene.relay()?;
    relay.is(RelayState::Leading).await?;
    relay.stop().await?;
    ensure!(scene.announced().await?.len() == announced.len());
    Ok(())
}

/// Nobody restarts the relay.
pub async fn a_bump_under_a_leader_is_announced_before_its_events(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let order = clock::new_id();
    let mut relay = scene.relay()?;
    scene.append(order, 1..=3).await?;
    relay.has_published(3).await?;
    env.orderlog_ok(&["epoch", "bump", "--yes", "--force"])
        .await?;
    scene.append(order, 4..=6).await?;
    relay.has_published(6).await?;
    relay.stop().await?;
    ensure!(scene.check_published_once().await? == 6);
    let announced = scene.announced().await?;
    check_once_per_partition(&announced)?;
    let events = scene.published().await?;
    let newer = events.iter().filter(|e| e.envelope.position.at.epoch == 2);
    ensure!(newer.count() == 3);
    for event in &events {
        let before = announced
            .iter()
            .any(|a| a.partition == event.partition && a.offset < event.offset);
        ensure!(before == (event.envelope.position.at.epoch == 2));
    }
    Ok(())
}

async fn bump(env: &TestEnv) -> Result<String> {
    let args = ["epoch", "bump", "--yes", "--reason", "a test"];
    env.orderlog_ok(&args).await
}

fn check_once_per_partition(announced: &[Announced]) -> Result<()> {
    let mut partitions: Vec<i32> = announced.iter().map(|a| a.partition).collect();
    partitions.sort_unstable();
    let all: Vec<i32> = (0..ORDER_EVENTS_PARTITIONS).collect();
    ensure!(partitions == all, "{partitions:?}");
    ensure!(
        announced
            .iter()
            .all(|a| a.data.epoch == 2 && a.data.previous_epoch == 1)
    );
    Ok(())
}

async fn check_order(scene: &Scene, order: Uuid, announced: &[Announced]) -> Result<()> {
    for event in scene.published().await? {
        ensure!(event.envelope.subject == order);
        let newer = event.envelope.sequence > 15;
        ensure!(event.envelope.position.at.epoch == if newer { 2 } else { 1 });
        let announcement = announced.iter().find(|a| a.partition == event.partition);
        let after = announcement.is_some_and(|a| event.offset > a.offset);
        ensure!(
            after == newer,
            "event {} is out of place",
            event.envelope.sequence
        );
    }
    Ok(())
}
