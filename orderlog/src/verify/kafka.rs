//! Kafka as a `read_committed` reader sees it, from the first record on.

use super::Options;
use super::error::VerifyError;
use super::report::{Difference, Report};
use super::versions::Versions;
use contracts::{
    CloudEvent, LogPosition,
    epoch::{Kind, kind_of},
    partition::partition_of,
    topics,
};
use infra::{
    config::Config,
    epoch::{Epoch, is_true},
    kafka::{self, QuietContext},
};
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{Consumer as _, StreamConsumer},
    error::KafkaError,
    message::{BorrowedMessage, Headers as _},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

/// The markers that end a transaction reach its partitions one by one: so long
/// after the last event of the log is visible in one of them, the others are
/// given to follow.
const MARKERS: Duration = Duration::from_secs(5);

/// Longest silence before the end of the topic.
const STALLED: Duration = Duration::from_mins(1);

type Reader = StreamConsumer<QuietContext>;

/// What has been read until now.
struct Reading {
    /// Per partition: the offset after its last record.
    next: BTreeMap<i32, i64>,
    /// Partitions that were once read to their end.
    ended: BTreeSet<i32>,
    /// The last place in the log that was seen.
    furthest: LogPosition,
    /// What the log lost when it was restored is no longer expected.
    epochs: Vec<Epoch>,
}

/// Reads all records that there are, and on until each order is as far as the log has it, or until
/// `options.wait` has passed at the end of the topic. Answers the offset after
/// the last record of each partition that has any.
pub(super) async fn read(
    config: &Config,
    options: Options,
    (last, epochs): (Option<LogPosition>, Vec<Epoch>),
    versions: &mut Versions,
    report: &mut Report,
) -> Result<BTreeMap<i32, i64>, VerifyError> {
    let partitions = kafka::partitions(config, topics::ORDER_EVENTS).await?;
    let consumer = consumer(config, partitions)?;
    let mut reading = Reading {
        next: BTreeMap::new(),
        ended: BTreeSet::new(),
        furthest: LogPosition::START,
        epochs,
    };
    let mut deadline: Option<Instant> = None;
    let everything = usize::try_from(partitions).unwrap_or_default();
    loop {
        if reading.ended.len() == everything {
            if versions.missing() == 0 {
                return Ok(reading.next);
            }
            deadline.get_or_insert(Instant::now() + options.wait);
        }
        let published = last.is_some_and(|last| reading.furthest >= last);
        let until = match deadline {
            None => Instant::now() + STALLED,
            Some(deadline) if published => deadline.min(Instant::now() + MARKERS),
            Some(deadline) => deadline,
        };
        let Ok(received) = timeout_at(until, consumer.recv()).await else {
            if deadline.is_none() {
                return Err(VerifyError::KafkaStalled { after: STALLED });
            }
            return late(options, published, versions, reading);
        };
        match received {
            Ok(message) => take(&message, partitions, &mut reading, versions, report),
            Err(KafkaError::PartitionEOF(partition)) => {
                reading.ended.insert(partition);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Time is up. Once the last event of the log is there, what is missing before
/// it is not late but lost, and a difference to be told order by order.
fn late(
    options: Options,
    published: bool,
    versions: &Versions,
    reading: Reading,
) -> Result<BTreeMap<i32, i64>, VerifyError> {
    if published {
        return Ok(reading.next);
    }
    Err(VerifyError::KafkaBehind {
        events: versions.missing_events(),
        orders: versions.missing(),
        waited: options.wait,
    })
}

fn consumer(config: &Config, partitions: i32) -> Result<Reader, KafkaError> {
    let consumer: Reader = kafka::client_config(config)
        // Needed by the client, but never joined: partitions are assigned and
        // no offset is stored.
        .set("group.id", config.kafka_name("orderlog.verify"))
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_committed")
        .create_with_context(QuietContext)?;
    let topic = config.kafka_name(topics::ORDER_EVENTS);
    let mut assignment = TopicPartitionList::new();
    for partition in 0..partitions {
        assignment.add_partition_offset(&topic, partition, Offset::Beginning)?;
    }
    consumer.assign(&assignment)?;
    Ok(consumer)
}

fn take(
    message: &BorrowedMessage<'_>,
    partitions: i32,
    reading: &mut Reading,
    versions: &mut Versions,
    report: &mut Report,
) {
    let (partition, offset) = (message.partition(), message.offset());
    if !is_of_an_order(message) {
        return;
    }
    reading.next.insert(partition, offset + 1);
    report.kafka_records += 1;
    let envelope = match envelope(message) {
        Ok(envelope) => envelope,
        Err(error) => {
            report.kafka_unreadable += 1;
            let what = format!("record {offset} of partition {partition} on Kafka: {error}");
            versions.tell(report, Difference::general(what));
            return;
        }
    };
    reading.furthest = reading.furthest.max(envelope.position.at);
    if !in_place(message.key(), partition, envelope.subject, partitions) {
        report.kafka_misplaced += 1;
        let what = format!("record {offset} is in partition {partition} of Kafka, not in its own");
        versions.tell(report, Difference::of_order(envelope.subject, what));
    }
    if !is_true(&reading.epochs, envelope.position.at) {
        return;
    }
    versions.on_kafka(envelope.subject, envelope.sequence, report);
}

/// An announcement is about no order, nor is what later releases may publish.
fn is_of_an_order(message: &BorrowedMessage<'_>) -> bool {
    let headers = message.headers().into_iter().flat_map(|h| h.iter());
    let headers = headers.filter_map(|h| h.value.map(|value| (h.key, value)));
    matches!(
        kind_of(headers, message.payload().unwrap_or_default()),
        Ok(Kind::Order)
    )
}

fn envelope(message: &BorrowedMessage<'_>) -> Result<CloudEvent, contracts::EnvelopeError> {
    let headers = message
        .headers()
        .into_iter()
        .flat_map(|headers| headers.iter());
    CloudEvent::from_headers(headers.filter_map(|h| h.value.map(|value| (h.key, value))))
}

/// Whether the record's key is its order's id, and its partition the key's.
fn in_place(key: Option<&[u8]>, partition: i32, order: Uuid, partitions: i32) -> bool {
    let id = order.hyphenated().to_string();
    key == Some(id.as_bytes()) && partition_of(id.as_bytes(), partitions) == partition
}
