//! One relay leads.

use super::scene::Scene;
use anyhow::{Result, ensure};
use contracts::topics;
use infra::{clock, config::Config, kafka, relay::RelayState};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(20);
/// The relay's transactional ids.
const IDS: [&str; 2] = ["orderlog.relay", "orderlog.relay.second"];

/// The second takes over when the leader's session ends; the first stands by.
pub async fn the_second_takes_over(config: Config) -> Result<()> {
    let scene = Scene::new(&config).await?;
    let mut first = scene.relay()?;
    first.is(RelayState::Leading).await?;
    let mut second = scene.relay()?;
    second.is(RelayState::Standby).await?;
    scene.append(clock::new_id(), 1..=10).await?;
    first.has_published(10).await?;
    ensure!(second.status.borrow().published == 0);

    let ended = sqlx::query(
        "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
          WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()",
    )
    .execute(&scene.log)
    .await?;
    ensure!(ended.rows_affected() == 1, "one session holds the lock");
    second.is(RelayState::Leading).await?;
    first.is(RelayState::Standby).await?;
    scene.append(clock::new_id(), 1..=10).await?;
    second.has_published(10).await?;
    ensure!(first.status.borrow().published == 10);

    second.stop().await?;
    first.is(RelayState::Leading).await?;
    first.stop().await?;
    scene.check_published_once().await?;
    Ok(())
}

/// A relay that is overtaken while it believes it is leading publishes nothing
/// more and ends; one that starts anew goes on.
pub async fn a_zombie_is_fenced(config: Config) -> Result<()> {
    let scene = Scene::new(&config).await?;
    let mut zombie = scene.relay()?;
    scene.append(clock::new_id(), 1..=10).await?;
    zombie.has_published(10).await?;
    let config = scene.config.clone();
    let overtaking = move || IDS.map(|id| transactional(&config, id).map(drop));
    for overtaken in tokio::task::spawn_blocking(overtaking).await? {
        overtaken?;
    }
    scene.append(clock::new_id(), 1..=10).await?;
    let reason = zombie.failure().await?;
    ensure!(
        reason.contains("another producer has taken over"),
        "{reason}"
    );

    let mut next = scene.relay()?;
    next.has_published(10).await?;
    next.stop().await?;
    scene.check_published_once().await?;
    Ok(())
}

/// A first transaction that was never committed is no progress, and is not
/// mistaken for events either.
pub async fn an_aborted_first_transaction(config: Config) -> Result<()> {
    let scene = Scene::new(&config).await?;
    let events = scene.topic(topics::ORDER_EVENTS);
    let progress = scene.topic(topics::RELAY_PROGRESS);
    tokio::task::spawn_blocking(move || -> Result<()> {
        let producer = transactional(&config, IDS[0])?;
        producer.begin_transaction()?;
        for topic in [events, progress.clone()] {
            let record = BaseRecord::to(&topic)
                .key(&progress)
                .payload("never")
                .partition(0);
            producer.send(record).map_err(|(error, _)| error)?;
        }
        producer.flush(LONG)?;
        Ok(producer.abort_transaction(LONG)?)
    })
    .await??;
    scene.append(clock::new_id(), 1..=10).await?;
    let mut relay = scene.relay()?;
    relay.has_published(10).await?;
    relay.stop().await?;
    scene.check_published_once().await?;
    Ok(())
}

/// A producer with one of the relay's own transactional ids, initialised.
fn transactional(config: &Config, id: &str) -> Result<BaseProducer> {
    let producer: BaseProducer = kafka::client_config(config)
        .set("transactional.id", config.kafka_name(id))
        .create()?;
    producer.init_transactions(LONG)?;
    Ok(producer)
}
