//! The topic of the orders as a `read_committed` reader sees it, from the first
//! record on, each partition at a pace of its own.

use super::error::VerifyError;
use contracts::{
    CloudEvent, EnvelopeError, LogPosition,
    epoch::{Kind, kind_of},
    topics::{self, ORDER_EVENTS},
};
use infra::{
    config::Config,
    kafka::{self, QuietContext},
};
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{Consumer as _, StreamConsumer, stream_consumer::StreamPartitionQueue},
    error::{KafkaError, KafkaResult},
    message::{BorrowedMessage, Headers as _},
};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

/// Longest silence before the end of a partition.
const STALLED: Duration = Duration::from_mins(1);

type Reader = StreamConsumer<QuietContext>;

/// A record that is an event of an order, or should be.
#[derive(Debug)]
pub(super) struct Record {
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub envelope: Result<Event, EnvelopeError>,
}

/// Of its envelope, what is compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub order: Uuid,
    pub sequence: i64,
    pub at: LogPosition,
}

/// The topic.
pub(super) struct Topic {
    consumer: Arc<Reader>,
    partitions: Vec<Partition>,
}

struct Partition {
    queue: StreamPartitionQueue<QuietContext>,
    /// Records that came before the queue was there.
    early: VecDeque<Record>,
    /// It was once read to its end.
    ended: bool,
}

/// What came, from whichever queue.
enum Received {
    Record(Record),
    /// Of no order.
    Other,
    End,
}

impl Topic {
    /// Begins to read all partitions.
    pub async fn open(config: &Config) -> Result<Self, VerifyError> {
        let partitions = kafka::partitions(config, ORDER_EVENTS).await?;
        let consumer: Reader = kafka::client_config(config)
            // Needed by the client, but never joined: partitions are assigned
            // and no offset is stored.
            .set("group.id", config.kafka_name("orderlog.verify"))
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_committed")
            // What is fetched ahead, of each partition.
            .set("queued.min.messages", "2000")
            .set("queued.max.messages.kbytes", "2048")
            .set("fetch.queue.backoff.ms", "10")
            .create_with_context(QuietContext)?;
        let consumer = Arc::new(consumer);
        let topic = config.kafka_name(ORDER_EVENTS);
        let mut assignment = TopicPartitionList::new();
        for partition in 0..partitions {
            assignment.add_partition_offset(&topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&assignment)?;
        let queues = (0..partitions).map(|partition| {
            let queue = consumer.split_partition_queue(&topic, partition);
            let queue = queue.ok_or(KafkaError::Canceled)?;
            Ok(Partition {
                queue,
                early: VecDeque::new(),
                ended: false,
            })
        });
        let partitions = queues.collect::<KafkaResult<_>>()?;
        Ok(Self {
            consumer,
            partitions,
        })
    }

    /// The partitions.
    pub fn partitions(&self) -> usize {
        self.partitions.len()
    }

    /// The next record of a partition. None: its end was reached, and nothing
    /// came until `until`.
    pub async fn next(
        &mut self,
        partition: usize,
        until: Instant,
    ) -> Result<Option<Record>, VerifyError> {
        let silent = Instant::now() + STALLED;
        loop {
            let of = &mut self.partitions[partition];
            if let Some(record) = of.early.pop_front() {
                return Ok(Some(record));
            }
            let deadline = if of.ended { until } else { silent };
            let (at, received) = tokio::select! {
                biased;
                next = of.queue.recv() => (partition, received(next)?),
                next = self.consumer.recv() => {
                    let (from, received) = early(next)?;
                    (from.unwrap_or(partition), received)
                }
                () = sleep_until(deadline) => {
                    if of.ended {
                        return Ok(None);
                    }
                    return Err(VerifyError::KafkaStalled { after: STALLED });
                }
            };
            match received {
                Received::Other => {}
                Received::End => self.partitions[at].ended = true,
                Received::Record(record) if at == partition => return Ok(Some(record)),
                Received::Record(record) => self.partitions[at].early.push_back(record),
            }
            if self.partitions[partition].ended && Instant::now() >= until {
                return Ok(None);
            }
        }
    }
}

fn received(next: KafkaResult<BorrowedMessage<'_>>) -> Result<Received, KafkaError> {
    match next {
        Ok(message) => Ok(record(&message)),
        Err(KafkaError::PartitionEOF(_)) => Ok(Received::End),
        Err(error) => Err(error),
    }
}

/// The same, from the queue of all partitions.
fn early(next: KafkaResult<BorrowedMessage<'_>>) -> Result<(Option<usize>, Received), KafkaError> {
    let partition = match &next {
        Ok(message) => Some(message.partition()),
        Err(KafkaError::PartitionEOF(partition)) => Some(*partition),
        Err(_) => None,
    };
    let partition = partition.and_then(|partition| usize::try_from(partition).ok());
    Ok((partition, received(next)?))
}

/// An announcement is about no order, nor is what later releases may publish.
fn record(message: &BorrowedMessage<'_>) -> Received {
    let headers = || {
        let headers = message.headers().into_iter().flat_map(|h| h.iter());
        headers.filter_map(|h| h.value.map(|value| (h.key, value)))
    };
    let kind = kind_of(headers(), message.payload().unwrap_or_default());
    if !matches!(kind, Ok(Kind::Order)) {
        return Received::Other;
    }
    let envelope = CloudEvent::from_headers(headers()).map(|envelope| Event {
        order: envelope.subject,
        sequence: envelope.sequence,
        at: envelope.position.at,
    });
    Received::Record(Record {
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        envelope,
    })
}

/// Whether the record's key is its order's id, and its partition the key's.
pub(super) fn in_place(record: &Record, partition: usize, order: Uuid) -> bool {
    let id = order.hyphenated().to_string();
    record.key.as_deref() == Some(id.as_bytes()) && partition_of(&id) == partition
}

/// The partition of an order.
pub(super) fn partition_of(id: &str) -> usize {
    let partition = contracts::partition::partition_of(id.as_bytes(), topics::ORDERS.partitions);
    usize::try_from(partition).unwrap_or_default()
}
