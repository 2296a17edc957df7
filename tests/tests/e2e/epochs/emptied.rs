//! Kafka's data is lost, and `orderlog migrate` has made the topics anew.

use crate::relay::{contradictions::recreate, scene::Scene};
use anyhow::{Result, ensure};
use contracts::topics;
use infra::clock;
use tests::TestEnv;

/// Nothing in Kafka says that there was anything: the log does.
pub async fn a_kafka_that_came_back_empty_is_not_published_to_unasked(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(&env.config).await?;
    let mut relay = scene.relay()?;
    scene.append(clock::new_id(), 1..=10).await?;
    relay.has_published(10).await?;
    relay.stop().await?;
    recreate(&scene, topics::ORDER_EVENTS).await?;
    recreate(&scene, topics::RELAY_PROGRESS).await?;

    let reason = scene.relay()?.failure().await?;
    ensure!(reason.contains("orderlog epoch republish"), "{reason}");
    ensure!(scene.published().await?.is_empty(), "nothing is published");

    let said = env.orderlog_ok(&["epoch", "republish", "--yes"]).await?;
    ensure!(said.contains("Allowed, once"), "{said}");
    let mut relay = scene.relay()?;
    relay.has_published(10).await?;
    relay.stop().await?;
    ensure!(scene.check_published_once().await? == 10);

    // It was allowed once.
    recreate(&scene, topics::ORDER_EVENTS).await?;
    recreate(&scene, topics::RELAY_PROGRESS).await?;
    let reason = scene.relay()?.failure().await?;
    ensure!(
        reason.contains("is empty, but this log was published"),
        "{reason}"
    );
    Ok(())
}
