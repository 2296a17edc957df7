//! What does not agree with what was recorded ends the relay with an error
//! that says what to do; it never starts from zero by itself.

use super::scene::Scene;
use anyhow::{Result, ensure};
use contracts::topics;
use infra::{
    clock,
    config::Config,
    kafka::{self, TopicError},
    relay::RelayState,
};
use rdkafka::{
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
};
use std::time::Duration;

pub async fn a_missing_topic(config: Config) -> Result<()> {
    let scene = Scene::without_topics(&config).await?;
    let reason = scene.relay()?.failure().await?;
    ensure!(
        reason.contains("does not exist") && reason.contains("orderlog migrate"),
        "{reason}"
    );
    Ok(())
}

pub async fn an_empty_progress_topic_beside_events(config: Config) -> Result<()> {
    let scene = with_ten_published(&config).await?;
    recreate(&scene, topics::RELAY_PROGRESS).await?;
    let reason = scene.relay()?.failure().await?;
    ensure!(reason.contains("holds no progress although"), "{reason}");
    ensure!(scene.check_published_once().await? == 10);
    Ok(())
}

pub async fn a_recreated_topic(config: Config) -> Result<()> {
    let scene = with_ten_published(&config).await?;
    recreate(&scene, topics::ORDER_EVENTS).await?;
    let reason = scene.relay()?.failure().await?;
    ensure!(reason.contains("was deleted and made again"), "{reason}");
    ensure!(
        scene.published().await?.is_empty(),
        "nothing is published to it"
    );
    Ok(())
}

/// The same while the relay leads and has nothing to do.
pub async fn a_topic_recreated_under_a_leader(config: Config) -> Result<()> {
    let scene = Scene::new(&config).await?;
    let mut relay = scene.relay()?;
    relay.is(RelayState::Leading).await?;
    recreate(&scene, topics::ORDER_EVENTS).await?;
    let reason = relay.failure().await?;
    ensure!(reason.contains("was deleted and made again"), "{reason}");
    Ok(())
}

/// Deleted under a leader that is publishing.
pub async fn a_topic_deleted_under_a_leader(config: Config) -> Result<()> {
    let scene = Scene::new(&config).await?;
    let mut relay = scene.relay()?;
    relay.is(RelayState::Leading).await?;
    delete(&scene.config, &scene.topic(topics::ORDER_EVENTS)).await?;
    scene.append(clock::new_id(), 1..=10).await?;
    let reason = relay.failure().await?;
    ensure!(reason.contains("does not exist"), "{reason}");
    Ok(())
}

/// The topic that says where to continue is gone: neither the leader nor one
/// that starts then publishes anything.
pub async fn progress_deleted_under_a_leader(config: Config) -> Result<()> {
    let scene = with_ten_published(&config).await?;
    let mut relay = scene.relay()?;
    relay.is(RelayState::Leading).await?;
    let progress = scene.topic(topics::RELAY_PROGRESS);
    delete(&scene.config, &progress).await?;
    let reason = relay.failure().await?;
    ensure!(
        reason.contains(&format!("{progress} does not exist")),
        "{reason}"
    );
    scene.append(clock::new_id(), 1..=10).await?;
    let reason = scene.relay()?.failure().await?;
    ensure!(
        reason.contains(&format!("{progress} does not exist")),
        "{reason}"
    );
    ensure!(scene.published().await?.len() == 10);
    Ok(())
}

pub async fn another_log(config: Config) -> Result<()> {
    let scene = with_ten_published(&config).await?;
    let other = scene.another_log().await?;
    other.append(clock::new_id(), 1..=10).await?;
    let reason = other.relay()?.failure().await?;
    ensure!(reason.contains("is not the one that topic"), "{reason}");
    Ok(())
}

/// As a log that was restored from a backup lacks its last events.
pub async fn a_log_that_fell_back(config: Config) -> Result<()> {
    let scene = with_ten_published(&config).await?;
    sqlx::query("DELETE FROM events WHERE sequence > 8")
        .execute(&scene.log)
        .await?;
    let reason = scene.relay()?.failure().await?;
    ensure!(reason.contains("restored from a backup"), "{reason}");
    Ok(())
}

/// Nothing is skipped, and the event is named.
pub async fn an_event_that_cannot_be_mapped(config: Config) -> Result<()> {
    let scene = with_ten_published(&config).await?;
    let broken = clock::new_id();
    scene.append(broken, 1..=3).await?;
    sqlx::query("UPDATE events SET event_type = 'Broken' WHERE aggregate_id = $1 AND sequence = 2")
        .bind(broken.to_string())
        .execute(&scene.log)
        .await?;
    let reason = scene.relay()?.failure().await?;
    ensure!(
        reason.contains(&format!("event 2 of order {broken}")),
        "{reason}"
    );
    ensure!(
        scene.published().await?.len() == 10,
        "all of a batch or nothing"
    );
    Ok(())
}

/// Larger than Kafka takes: named as well.
pub async fn an_event_that_is_too_large(config: Config) -> Result<()> {
    let scene = with_ten_published(&config).await?;
    let large = clock::new_id();
    scene.append(large, 1..=1).await?;
    sqlx::query(
        "UPDATE events SET payload = to_json(repeat('x', 2000000)) WHERE aggregate_id = $1",
    )
    .bind(large.to_string())
    .execute(&scene.log)
    .await?;
    let reason = scene.relay()?.failure().await?;
    ensure!(
        reason.contains(&format!("refuses event 1 of {large}")),
        "{reason}"
    );
    Ok(())
}

/// `migrate` may run any number of times, and refuses a topic of another shape.
pub async fn topics_are_made_once_and_held_to_their_shape(config: Config) -> Result<()> {
    let scene = Scene::new(&config).await?;
    let id = kafka::topic_id(&scene.config, topics::ORDER_EVENTS).await?;
    kafka::ensure_topics(&scene.config).await?;
    ensure!(kafka::topic_id(&scene.config, topics::ORDER_EVENTS).await? == id);
    ensure!(kafka::partitions(&scene.config, topics::ORDER_EVENTS).await? == 12);
    let ends = kafka::watermarks(&scene.config, topics::ORDER_EVENTS).await?;
    ensure!(ends.len() == 12 && ends.iter().all(|w| w.low == 0 && w.end == 0));

    delete(&scene.config, &scene.topic(topics::RELAY_PROGRESS)).await?;
    let mut wrong = scene.config.clone();
    wrong.kafka_prefix = format!("{}wrong.", scene.config.kafka_prefix);
    create(&wrong, &wrong.kafka_name(topics::ORDER_EVENTS), 2).await?;
    let refused = kafka::ensure_topics(&wrong).await;
    ensure!(
        matches!(refused, Err(TopicError::Mismatch { .. })),
        "{refused:?}"
    );
    let unknown = kafka::topic_id(&scene.config, "no.such.topic").await;
    ensure!(
        matches!(unknown, Err(TopicError::Missing { .. })),
        "{unknown:?}"
    );
    Ok(())
}

async fn with_ten_published(config: &Config) -> Result<Scene> {
    let scene = Scene::new(config).await?;
    let mut relay = scene.relay()?;
    scene.append(clock::new_id(), 1..=10).await?;
    relay.has_published(10).await?;
    relay.stop().await?;
    Ok(scene)
}

pub async fn recreate(scene: &Scene, topic: &str) -> Result<()> {
    let before = kafka::topic_id(&scene.config, topic).await?;
    delete(&scene.config, &scene.topic(topic)).await?;
    kafka::ensure_topics(&scene.config).await?;
    ensure!(kafka::topic_id(&scene.config, topic).await? != before);
    Ok(())
}

/// Deletes a topic and waits until Kafka has forgotten it.
pub async fn delete(config: &Config, topic: &str) -> Result<()> {
    let admin = admin(config)?;
    for result in admin.delete_topics(&[topic], &AdminOptions::new()).await? {
        result.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
    }
    let mut client = kafka::MetadataClient::new(config);
    while client.describe(&[topic]).await?.topic(topic).is_some() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Creates a topic and waits until Kafka knows it.
pub async fn create(config: &Config, name: &str, partitions: i32) -> Result<()> {
    use rdkafka::admin::{NewTopic, TopicReplication};
    let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
    for result in admin(config)?
        .create_topics(&[topic], &AdminOptions::new())
        .await?
    {
        result.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
    }
    let mut client = kafka::MetadataClient::new(config);
    let has_leaders = |topic: &kafka::TopicMetadata| topic.has_leaders;
    while !client
        .describe(&[name])
        .await?
        .topic(name)
        .is_some_and(has_leaders)
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn admin(config: &Config) -> Result<AdminClient<DefaultClientContext>> {
    Ok(kafka::client_config(config).create()?)
}
