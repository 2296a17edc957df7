//! Somebody who may read the orders of one platform and no others.

use super::servers::{INTEGRATOR, Servers};
use anyhow::{Context as _, Result, ensure};
use contracts::topics::{ORDER_EVENTS, order_events_of};
use infra::{config::Config, kafka::client_config};
use rdkafka::{
    Message as _,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
    types::RDKafkaErrorCode,
};
use serde_json::Value;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(200);

/// As a member of a group of theirs.
pub async fn one_platform_is_all_that_is_read(servers: &Servers) -> Result<()> {
    let told = servers.told(INTEGRATOR);
    tokio::task::spawn_blocking(move || {
        let placed = first(&told, &order_events_of("web"), "integrator.orders")?;
        let placed = placed.map_err(|error| anyhow::anyhow!("its own topic: {error}"))?;
        let placed: Value = serde_json::from_slice(&placed)?;
        ensure!(placed["after"]["version"] == 1, "{placed}");

        let all = first(&told, ORDER_EVENTS, "integrator.all")?;
        let refused = all.err().and_then(|error| error.rdkafka_error_code());
        ensure!(
            refused == Some(RDKafkaErrorCode::TopicAuthorizationFailed),
            "the orders of others: {refused:?}"
        );
        let other = first(&told, &order_events_of("web"), "projector")?;
        let refused = other.err().and_then(|error| error.rdkafka_error_code());
        ensure!(
            refused == Some(RDKafkaErrorCode::GroupAuthorizationFailed),
            "somebody else's group: {refused:?}"
        );
        Ok(())
    })
    .await?
}

/// The first record of a topic as a group sees it, or why it sees none. Blocks.
fn first(told: &Config, topic: &str, group: &str) -> Result<Result<Vec<u8>, KafkaError>> {
    let consumer: BaseConsumer = client_config(told)
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .create()?;
    consumer.subscribe(&[&told.kafka_name(topic)])?;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match consumer.poll(POLL) {
            Some(Ok(record)) => {
                let value = record.payload().context("no value")?;
                return Ok(Ok(value.to_vec()));
            }
            Some(Err(error)) if is_refusal(&error) => return Ok(Err(error)),
            // What the client is mending.
            Some(Err(_)) | None => {}
        }
    }
    anyhow::bail!("{group} sees nothing in {topic}")
}

fn is_refusal(error: &KafkaError) -> bool {
    let refusals = [
        RDKafkaErrorCode::TopicAuthorizationFailed,
        RDKafkaErrorCode::GroupAuthorizationFailed,
    ];
    let code = error.rdkafka_error_code();
    code.is_some_and(|code| refusals.contains(&code))
}
