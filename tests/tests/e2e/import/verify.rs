//! That a comparison finds what it is there to find.

use super::synthetic;
use super::system::{System, differences};
use anyhow::{Context as _, ensure};
use contracts::topics;
use infra::kafka::client_config;
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{Consumer as _, StreamConsumer},
    message::OwnedMessage,
    producer::{FutureProducer, FutureRecord},
};
use std::time::Duration;
use tests::{DEADLINE, TestEnv};
use tokio::time::timeout;

/// What is done to the views, one after the other, and how many differences of
/// which kind there are then. A version without its history is two.
const TAMPERING: [(&str, &str, u64); 9] = [
    (
        "UPDATE orders SET version = version + 1 WHERE external_id = '900001'",
        "orders_differing",
        1,
    ),
    (
        "DELETE FROM order_lines WHERE line_no = 1 AND order_id = \
            (SELECT id FROM orders WHERE external_id = '900002')",
        "views_incomplete",
        2,
    ),
    (
        "UPDATE order_statistics SET revenue = revenue + 1 WHERE (by_event, hour, country, kind, \"partition\") = \
            (SELECT by_event, hour, country, kind, \"partition\" FROM order_statistics LIMIT 1)",
        "statistics_differing",
        // The line is missing among the products, too.
        2,
    ),
    (
        "DELETE FROM orders WHERE external_id = '900003'",
        "orders_differing",
        2,
    ),
    (
        "INSERT INTO order_events (order_id, version, entry) \
            SELECT id, 2, '{}' FROM orders WHERE external_id = '900004'",
        "views_incomplete",
        3,
    ),
    (
        "UPDATE orders SET document = replace(document, '\"GBP\"', '\"EUR\"') \
            WHERE external_id = '900006'",
        "documents_differing",
        1,
    ),
    (
        "INSERT INTO order_payments (order_id, payment_id, status, amount, captured, refunded, \
            charged_back, created_at) SELECT id, 'p1', 'authorized', 1, 0, 0, 0, now() \
            FROM orders WHERE external_id = '900008'",
        "views_incomplete",
        4,
    ),
    (
        "UPDATE orders SET delivered_at = now() WHERE external_id = '900010'",
        "views_incomplete",
        5,
    ),
    (
        "UPDATE order_movements SET happened_at = happened_at + interval '1 second' \
            WHERE version = 1 AND order_id = (SELECT id FROM orders WHERE external_id = '900012')",
        "views_incomplete",
        6,
    ),
];

pub async fn every_kind_of_difference_is_found(env: &TestEnv) -> anyhow::Result<()> {
    let system = System::start(env).await?;
    let (text, _) = synthetic::file(60);
    let file = system.file(&text)?;
    system.import(&file, &[]).await?;
    let clean = system.verify().await?;
    ensure!(differences(&clean) == 0, "{clean}");

    for (statement, name, count) in TAMPERING {
        ensure!(system.tamper(statement).await? == 1, "{statement}");
        let report = system.verify().await?;
        ensure!(report[name] == count, "{name} after {statement}: {report}");
    }
    double_a_record(env).await?;
    let report = system.verify().await?;
    ensure!(report["kafka_duplicates"] == 1, "{report}");
    ensure!(report["kafka_records"] == clean["kafka_records"].as_u64().context("a count")? + 1);
    ensure!(!report["examples"].as_array().context("a list")?.is_empty());
    let plain = env.orderlog(&["verify"]).await?;
    ensure!(plain.status.code() == Some(1), "{}", plain.status);
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

pub async fn what_is_behind_is_named(env: &TestEnv) -> anyhow::Result<()> {
    let mut system = System::start(env).await?;
    let orders = import(&system, 20).await?;
    // From here on every role has begun: it can only be behind.
    system.verify_clean(orders).await?;

    let projector = system.projector.take().context("a projector")?;
    projector.kill9().await?;
    import(&system, 40).await?;
    behind(env, "5s", "the projector").await?;

    let relay = system.relay.take().context("a relay")?;
    relay.kill9().await?;
    let orders = import(&system, 80).await?;
    behind(env, "1s", "the relay").await?;

    system.relay = Some(env.role("relay").spawn()?);
    system.projector = Some(env.role("projector").spawn()?);
    system.verify_clean(orders).await
}

/// Imports a file of so many invoices; how many orders there are then.
async fn import(system: &System<'_>, invoices: u64) -> anyhow::Result<u64> {
    let (text, shape) = synthetic::file(invoices);
    system.import(&system.file(&text)?, &[]).await?;
    Ok(shape.invoices - shape.stock_movements)
}

async fn behind(env: &TestEnv, wait: &str, who: &str) -> anyhow::Result<()> {
    let output = env.orderlog(&["verify", "--wait", wait]).await?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1), "{}", output.status);
    ensure!(
        error.contains("behind") && error.contains(&format!("is {who} running?")),
        "{error}"
    );
    Ok(())
}
