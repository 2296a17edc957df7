//! That a comparison finds what it is there to find.

use super::synthetic;
use super::system::{System, differences};
use anyhow::{Context as _, ensure};
use contracts::{partition::partition_of, topics};
use rdkafka::{
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use sqlx::{Connection as _, PgConnection};
use std::time::Duration;
use tests::TestEnv;

/// What is done to the views, and how many differences of which kind that is.
const TAMPERING: [(&str, &str, u64); 5] = [
    (
        "UPDATE orders SET version = version + 1 WHERE external_id = '900001'",
        "orders_differing",
        1,
    ),
    (
        "DELETE FROM order_lines WHERE line_no = 1 AND order_id = \
            (SELECT id FROM orders WHERE external_id = '900002')",
        "views_incomplete",
        1,
    ),
    (
        "UPDATE order_statistics SET revenue = revenue + 1 WHERE (day, country, kind, \"partition\") = \
            (SELECT day, country, kind, \"partition\" FROM order_statistics LIMIT 1)",
        "statistics_differing",
        1,
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
        2 + 1,
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

/// Publishes an event a second time, as a relay without transactions might.
async fn double_a_record(env: &TestEnv) -> anyhow::Result<()> {
    let mut log = PgConnection::connect(&env.config.events_url).await?;
    let id: String = sqlx::query_scalar("SELECT aggregate_id FROM events ORDER BY 1 DESC LIMIT 1")
        .fetch_one(&mut log)
        .await?;
    let partition = partition_of(id.as_bytes(), topics::ORDER_EVENTS_PARTITIONS);
    let envelope = contracts::CloudEvent {
        id: contracts::cloudevents::event_id(1, id.parse()?, 1),
        event_type: "order.imported".into(),
        time: time::OffsetDateTime::UNIX_EPOCH,
        subject: id.parse()?,
        sequence: 1,
        actor: "nobody".into(),
        correlation_id: None,
        causation_id: None,
        traceparent: None,
        position: contracts::PositionToken {
            topic: topics::ORDER_EVENTS.into(),
            partition,
            at: contracts::LogPosition::START,
        },
    };
    let mut headers = OwnedHeaders::new();
    for (key, value) in envelope.headers() {
        let value = Some(&value);
        headers = headers.insert(Header { key, value });
    }
    let topic = env.config.kafka_name(topics::ORDER_EVENTS);
    let record = FutureRecord::to(&topic)
        .key(&id)
        .payload("{}")
        .partition(partition)
        .headers(headers);
    let producer: FutureProducer = infra::kafka::client_config(&env.config).create()?;
    let sent = producer.send(record, Duration::from_secs(10)).await;
    sent.map(drop).map_err(|(error, _)| error.into())
}

pub async fn what_is_behind_is_named(env: &TestEnv) -> anyhow::Result<()> {
    let mut system = System::start(env).await?;
    let (text, shape) = synthetic::file(40);
    let file = system.file(&text)?;
    system
        .projector
        .take()
        .context("a projector")?
        .kill9()
        .await?;
    system.import(&file, &[]).await?;
    behind(env, "the projector").await?;
    system.relay.take().context("a relay")?.kill9().await?;
    let (more, more_shape) = synthetic::file(80);
    system.import(&system.file(&more)?, &[]).await?;
    behind(env, "the relay").await?;

    system.relay = Some(env.role("relay").spawn()?);
    system.projector = Some(env.role("projector").spawn()?);
    ensure!(more_shape.invoices > shape.invoices);
    system
        .verify_clean(more_shape.invoices - more_shape.stock_movements)
        .await
}

async fn behind(env: &TestEnv, who: &str) -> anyhow::Result<()> {
    let output = env.orderlog(&["verify", "--wait", "1s"]).await?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(1), "{}", output.status);
    ensure!(
        error.contains("behind") && error.contains(&format!("is {who} running?")),
        "{error}"
    );
    Ok(())
}
