//! A record of the topic, read.

use super::order::Contradiction;
use contracts::{
    CloudEvent, EnvelopeError,
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

impl Record {
    /// Reads a Kafka record.
    pub fn read(message: &BorrowedMessage<'_>) -> Result<Self, Poison> {
        let key = String::from_utf8_lossy(message.key().unwrap_or_default());
        match read(message, &key) {
            Ok((envelope, event)) => Ok(Self {
                partition: message.partition(),
                offset: message.offset(),
                envelope,
                event,
            }),
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
