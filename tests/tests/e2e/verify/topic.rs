//! What the topic may have wrong.

use super::report;
use crate::import::{synthetic, system::System};
use anyhow::{Context as _, ensure};
use contracts::topics;
use infra::{kafka::client_config, postgres::pool};
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{Consumer as _, StreamConsumer},
    message::OwnedMessage,
    producer::{FutureProducer, FutureRecord},
};
use std::time::Duration;
use tests::{DEADLINE, TestEnv};
use tokio::time::timeout;

/// A record that is there twice is found, so is one of which the log has no
/// event, and an event that no record carries.
pub async fn every_fault_of_the_topic_is_found(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let (text, _) = synthetic::file(60);
    system.import(&system.file(&text)?, &[]).await?;
    let (_, clean) = report(env, &[]).await?;
    ensure!(clean["differences"] == 0, "{clean}");
    ensure!(clean["kafka_records"] == clean["log_events"], "{clean}");
    ensure!(clean["kafka_orders"] == clean["log_orders"], "{clean}");

    double_a_record(env).await?;
    let (code, doubled) = report(env, &[]).await?;
    ensure!(code == 1 && doubled["kafka_duplicates"] == 1, "{doubled}");
    ensure!(doubled["differences"] == 1, "{doubled}");
    let records = clean["kafka_records"].as_u64().context("a count")? + 1;
    ensure!(doubled["kafka_records"] == records, "{doubled}");

    // As if the relay had passed it by.
    let log = pool(&env.config.events_url, 1)?;
    let added = sqlx::query(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
                             payload, metadata, transaction_id) \
         SELECT aggregate_type, aggregate_id, sequence + 1, event_type, event_version, payload, \
                (metadata::jsonb - 'command_id')::json, transaction_id FROM events e \
          WHERE NOT EXISTS (SELECT FROM events l WHERE l.aggregate_id = e.aggregate_id \
                                AND l.sequence > e.sequence) \
          ORDER BY epoch, transaction_id, position LIMIT 1",
    );
    ensure!(added.execute(&log).await?.rows_affected() == 1);
    let (_, missing) = report(env, &[]).await?;
    ensure!(missing["kafka_gaps"] == 1, "{missing}");
    ensure!(
        missing["projections"]["orders"]["versions"] == 1,
        "{missing}"
    );

    let gone = sqlx::query(
        "DELETE FROM events WHERE (transaction_id, position) = \
             (SELECT transaction_id, position FROM events ORDER BY 1 DESC, 2 DESC LIMIT 1)",
    );
    ensure!(gone.execute(&log).await?.rows_affected() == 1);
    let (_, foreign) = report(env, &[]).await?;
    ensure!(foreign["kafka_foreign"] == 1, "{foreign}");
    ensure!(
        foreign["kafka_gaps"] == 1 && foreign["kafka_duplicates"] == 1,
        "{foreign}"
    );
    Ok(())
}

/// Publishes a record a second time, as a relay without transactions might.
async fn double_a_record(env: &TestEnv) -> anyhow::Result<()> {
    let record = some_record(env).await?;
    let headers = record.headers().context("no headers")?.clone();
    let topic = env.config.kafka_name(topics::ORDER_EVENTS);
    let (key, payload) = (record.key(), record.payload());
    let again = FutureRecord::to(&topic)
        .partition(record.partition())
        .key(key.context("no key")?)
        .payload(payload.context("no data")?)
        .headers(headers);
    let producer: FutureProducer = client_config(&env.config).create()?;
    let sent = producer.send(again, Duration::from_secs(10)).await;
    sent.map(drop).map_err(|(error, _)| error.into())
}

async fn some_record(env: &TestEnv) -> anyhow::Result<OwnedMessage> {
    let consumer: StreamConsumer = client_config(&env.config)
        .set("group.id", env.config.kafka_name("doubling"))
        .set("isolation.level", "read_committed")
        .create()?;
    let mut all = TopicPartitionList::new();
    let topic = env.config.kafka_name(topics::ORDER_EVENTS);
    for partition in 0..topics::ORDER_EVENTS_PARTITIONS {
        all.add_partition_offset(&topic, partition, Offset::Beginning)?;
    }
    consumer.assign(&all)?;
    Ok(timeout(DEADLINE, consumer.recv()).await??.detach())
}
