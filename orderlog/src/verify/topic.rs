//! A topic of events as a `read_committed` reader sees it, from the first record
//! on, each partition at a pace of its own.

use super::error::VerifyError;
use contracts::{
    CloudEvent, EnvelopeError, LogPosition,
    epoch::{Kind, kind_of},
    partition::partition_of,
    topics::TopicSpec,
};
use infra::{
    config::Config,
    kafka::{self, QuietContext},
};
use projections::registry;
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

/// A record that is an event of what the topic is of, or should be.
#[derive(Debug)]
pub(super) struct Record {
    pub offset: i64,
    pub key: Option<Vec<u8>>,
    pub envelope: Result<Event, EnvelopeError>,
}

/// Of its envelope, what is compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    pub subject: Uuid,
    pub sequence: i64,
    pub at: LogPosition,
}

/// A topic of events, and the kinds of aggregates that they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Published {
    pub topic: TopicSpec,
    pub kinds: Vec<&'static str>,
}

impl Published {
    /// Every topic that a projection reads.
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for projection in registry::ALL {
            let (topic, kind) = (projection.topic(), projection.aggregate_type());
            let known = all.iter().position(|published| published.topic == topic);
            let at = known.unwrap_or_else(|| {
                all.push(Self {
                    topic,
                    kinds: Vec::new(),
                });
                all.len() - 1
            });
            if !all[at].kinds.contains(&kind) {
                all[at].kinds.push(kind);
            }
        }
        all
    }

    /// The partition of an aggregate.
    pub fn partition_of(&self, id: &str) -> usize {
        let partition = partition_of(id.as_bytes(), self.topic.partitions);
        usize::try_from(partition).unwrap_or_default()
    }

    /// Whether the record's key is its aggregate's id, and its partition the key's.
    pub fn in_place(&self, record: &Record, partition: usize, subject: Uuid) -> bool {
        let id = subject.hyphenated().to_string();
        record.key.as_deref() == Some(id.as_bytes()) && self.partition_of(&id) == partition
    }

    /// Whether events of this type are of one of its kinds. What has no type is
    /// no event, and should be one.
    fn concerns(&self, event_type: Option<&[u8]>) -> bool {
        event_type.is_none_or(|of| {
            self.kinds.iter().any(|kind| {
                let rest = of.strip_prefix(kind.as_bytes());
                rest.is_some_and(|rest| rest.starts_with(b"."))
            })
        })
    }
}

/// A topic that is read.
pub(super) struct Topic {
    pub published: Published,
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
    /// Of none of them.
    Other,
    End,
}

impl Topic {
    /// Begins to read all partitions.
    pub async fn open(config: &Config, published: Published) -> Result<Self, VerifyError> {
        let name = published.topic.name;
        let partitions = kafka::partitions(config, name).await?;
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
        let topic = config.kafka_name(name);
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
            published,
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
            let published = &self.published;
            let (at, received) = tokio::select! {
                biased;
                next = of.queue.recv() => (partition, received(next, published)?),
                next = self.consumer.recv() => {
                    let (from, received) = early(next, published)?;
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

fn received(
    next: KafkaResult<BorrowedMessage<'_>>,
    published: &Published,
) -> Result<Received, KafkaError> {
    match next {
        Ok(message) => Ok(record(&message, published)),
        Err(KafkaError::PartitionEOF(_)) => Ok(Received::End),
        Err(error) => Err(error),
    }
}

/// The same, from the queue of all partitions.
fn early(
    next: KafkaResult<BorrowedMessage<'_>>,
    published: &Published,
) -> Result<(Option<usize>, Received), KafkaError> {
    let partition = match &next {
        Ok(message) => Some(message.partition()),
        Err(KafkaError::PartitionEOF(partition)) => Some(*partition),
        Err(_) => None,
    };
    let partition = partition.and_then(|partition| usize::try_from(partition).ok());
    Ok((partition, received(next, published)?))
}

/// An announcement is about none of them, nor is what later releases may publish.
fn record(message: &BorrowedMessage<'_>, published: &Published) -> Received {
    let headers = || {
        let headers = message.headers().into_iter().flat_map(|h| h.iter());
        headers.filter_map(|h| h.value.map(|value| (h.key, value)))
    };
    let kind = kind_of(headers(), message.payload().unwrap_or_default());
    let event_type = headers().find_map(|(name, value)| (name == "ce_type").then_some(value));
    if matches!(kind, Err(_) | Ok(Kind::EpochBegan(_))) || !published.concerns(event_type) {
        return Received::Other;
    }
    let envelope = CloudEvent::from_headers(headers()).map(|envelope| Event {
        subject: envelope.subject,
        sequence: envelope.sequence,
        at: envelope.position.at,
    });
    Received::Record(Record {
        offset: message.offset(),
        key: message.key().map(<[u8]>::to_vec),
        envelope,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::topics;

    #[test]
    fn a_topic_is_read_once_whoever_reads_it() {
        let all = Published::all();
        let topics_of: Vec<_> = all.iter().map(|of| of.topic).collect();
        let expected = [
            topics::ORDERS,
            topics::PLATFORMS,
            topics::CATALOG,
            topics::SHIPPING,
        ];
        assert_eq!(topics_of, expected);
        let shipping = &all[3];
        assert_eq!(shipping.kinds, ["shipping_zone", "shipping_method"]);
        for (event_type, expected) in [
            (Some("shipping_zone.saved"), true),
            (Some("shipping_method.archived"), true),
            (Some("shipping_zones.saved"), false),
            (Some("order.placed"), false),
            (None, true),
        ] {
            let concerns = shipping.concerns(event_type.map(str::as_bytes));
            assert_eq!(concerns, expected, "{event_type:?}");
        }
    }
}
