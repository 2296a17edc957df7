//! A record of the topic, read.

use super::order::Contradiction;
use contracts::{
    CloudEvent, EnvelopeError,
    epoch::{Kind, kind_of},
    order::{OrderEvent, UnknownEvent},
};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use uuid::Uuid;

/// One event and where it stood on Kafka.
#[derive(Debug, Clone)]
pub struct Record {
    /// Partition of the topic.
    pub partition: i32,
    /// Offset within the partition.
    pub offset: i64,
    /// Who, when, which version of what.
    pub envelope: CloudEvent,
    /// What happened.
    pub event: OrderEvent,
}

/// A record that cannot be reacted to, today or ever.
#[derive(Debug, thiserror::Error)]
#[error("record {topic}/{partition} offset {offset} (key {key}) cannot be reacted to")]
pub struct Poison {
    /// Full name of the topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// The record's key: the order's id.
    pub key: String,
    /// Why.
    #[source]
    pub source: Unreadable,
}

/// What is wrong with a record.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Its headers.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It announces an epoch, and nobody knows which.
    #[error("the announcement of an epoch cannot be read")]
    Announcement(#[source] serde_json::Error),
    /// Its value.
    #[error(transparent)]
    Data(#[from] UnknownEvent),
    /// Its key is not its order's: it may come in any order.
    #[error("the envelope's subject is {0}")]
    Key(Uuid),
    /// It does not follow what came before.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
}

/// What a Kafka record carries.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "moved once, as an event nearly always"
)]
pub enum Carried {
    /// An event of an order.
    Event(Record),
    /// The announcement of an epoch.
    EpochBegan(EpochBegan),
    /// Something else, of a later release.
    Other,
}

/// Where an epoch was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochBegan {
    /// Partition of the topic.
    pub partition: i32,
    /// Offset within the partition.
    pub offset: i64,
    /// The one that begins there.
    pub epoch: i32,
}

impl Record {
    /// Reads a Kafka record.
    pub fn read(message: &BorrowedMessage<'_>) -> Result<Carried, Poison> {
        let key = String::from_utf8_lossy(message.key().unwrap_or_default());
        let (partition, offset) = (message.partition(), message.offset());
        let read = kind(message).and_then(|kind| match kind {
            Kind::EpochBegan(epoch) => Ok(Carried::EpochBegan(EpochBegan {
                partition,
                offset,
                epoch,
            })),
            Kind::Unknown => Ok(Carried::Other),
            Kind::Order => read(message, &key).map(|(envelope, event)| {
                Carried::Event(Self {
                    partition,
                    offset,
                    envelope,
                    event,
                })
            }),
        });
        match read {
            Ok(carried) => Ok(carried),
            Err(source) => Err(Poison {
                topic: message.topic().to_owned(),
                partition: message.partition(),
                offset: message.offset(),
                key: key.into_owned(),
                source,
            }),
        }
    }

    /// The record as one that cannot be reacted to.
    pub fn poison(&self, topic: &str, source: Unreadable) -> Poison {
        Poison {
            topic: topic.to_owned(),
            partition: self.partition,
            offset: self.offset,
            key: self.envelope.subject.to_string(),
            source,
        }
    }
}

fn kind(message: &BorrowedMessage<'_>) -> Result<Kind, Unreadable> {
    let headers = message.headers().into_iter().flat_map(|h| h.iter());
    let headers = headers.map(|h| (h.key, h.value.unwrap_or_default()));
    kind_of(headers, message.payload().unwrap_or_default()).map_err(Unreadable::Announcement)
}

fn read(message: &BorrowedMessage<'_>, key: &str) -> Result<(CloudEvent, OrderEvent), Unreadable> {
    let headers = message.headers().into_iter().flat_map(|h| h.iter());
    let envelope = CloudEvent::from_headers(headers.map(|h| (h.key, h.value.unwrap_or_default())))?;
    if key != envelope.subject.to_string() {
        return Err(Unreadable::Key(envelope.subject));
    }
    let data = message.payload().unwrap_or_default();
    let event = OrderEvent::from_data(&envelope.event_type, data)?;
    Ok((envelope, event))
}
