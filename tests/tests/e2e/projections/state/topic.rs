//! The topic as a subscriber reads it, from the first record that is kept.

use crate::relay::scene::subscriber;
use anyhow::{Context as _, Result, ensure};
use contracts::{partition::partition_of, topics};
use infra::{config::Config, kafka};
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaError,
    message::{BorrowedMessage, Headers as _},
};
use sqlx::{PgPool, Row as _};
use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};
use tests::wait_until;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_mins(1);

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub partition: i32,
    pub id: Uuid,
    pub headers: BTreeMap<String, String>,
    /// None takes the order away.
    pub document: Option<String>,
}

impl Record {
    /// (epoch, version), in which order records have to come.
    pub fn version(&self) -> Result<(i32, i64)> {
        let header = |name| self.headers.get(name).with_context(|| format!("no {name}"));
        Ok((
            header("ce_epoch")?.parse()?,
            header("ce_sequence")?.parse()?,
        ))
    }
}

/// Every record, in order per partition.
pub async fn read(config: &Config) -> Result<Vec<Record>> {
    let topic = config.kafka_name(topics::ORDER_STATE);
    let client = subscriber(config);
    tokio::task::spawn_blocking(move || {
        read_all(&client.create_with_context(kafka::QuietContext)?, &topic)
    })
    .await?
}

fn read_all(consumer: &BaseConsumer<kafka::QuietContext>, topic: &str) -> Result<Vec<Record>> {
    let mut assignment = TopicPartitionList::new();
    let mut open: HashSet<i32> = (0..topics::STATE.partitions).collect();
    for partition in &open {
        assignment.add_partition_offset(topic, *partition, Offset::Beginning)?;
    }
    consumer.assign(&assignment)?;
    let mut records = Vec::new();
    while !open.is_empty() {
        match consumer.poll(PATIENCE).context("nothing comes")? {
            Ok(message) => records.push(record(&message)?),
            Err(KafkaError::PartitionEOF(partition)) => {
                open.remove(&partition);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(records)
}

fn record(message: &BorrowedMessage<'_>) -> Result<Record> {
    let key = str::from_utf8(message.key().context("a key")?)?;
    let partition = partition_of(key.as_bytes(), topics::STATE.partitions);
    ensure!(message.partition() == partition, "the partition of its key");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = message.headers().into_iter().flat_map(|all| all.iter());
    Ok(Record {
        partition,
        id: key.parse()?,
        headers: headers
            .map(|h| (h.key.to_owned(), text(h.value.unwrap_or_default())))
            .collect(),
        document: message.payload().map(text),
    })
}

/// What a compacted topic comes to; no order may ever go back in version, nor
/// come without the headers that say which it is.
pub fn compacted(records: &[Record]) -> Result<BTreeMap<Uuid, Record>> {
    let mut last = BTreeMap::<Uuid, Record>::new();
    for record in records {
        if record.document.is_none() {
            last.remove(&record.id);
            continue;
        }
        let version = record.version()?;
        if let Some(before) = last.get(&record.id) {
            let before = before.version()?;
            ensure!(
                before <= version,
                "{} went back from {before:?} to {version:?}",
                record.id
            );
        }
        last.insert(record.id, record.clone());
    }
    Ok(last)
}

/// Waits until everything is published that is to be, for the served build.
pub async fn settled(views: &PgPool) -> Result<()> {
    wait_until("every document to be published", async || {
        let done: bool = sqlx::query_scalar(
            "SELECT NOT EXISTS (SELECT FROM projection_changes) \
                AND EXISTS (SELECT FROM projections p JOIN projection_publications c \
                              ON c.projection = p.name AND c.build = p.build \
                             WHERE p.name = 'orders' AND c.complete)",
        )
        .fetch_one(views)
        .await?;
        Ok(done.then_some(()))
    })
    .await
}

/// The last record of each order is the document that is served, byte for
/// byte, and there are no others; how many records there were.
pub async fn check(config: &Config, views: &PgPool) -> Result<usize> {
    let records = read(config).await?;
    let mut last = compacted(&records)?;
    let rows = sqlx::query("SELECT id, version, document FROM orders")
        .fetch_all(views)
        .await?;
    for row in &rows {
        let id: Uuid = row.try_get("id")?;
        let record = last
            .remove(&id)
            .with_context(|| format!("{id} is missing"))?;
        let version: i64 = row.try_get("version")?;
        ensure!(
            record.version()?.1 == version,
            "{id} is at {version}, and published as {record:?}"
        );
        ensure!(
            record.document.as_deref() == Some(row.try_get("document")?),
            "{id} is published as another document: {record:?}"
        );
    }
    ensure!(last.is_empty(), "published and not served: {last:?}");
    Ok(records.len())
}
