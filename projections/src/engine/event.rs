//! An event as projections see it, wherever it comes from.

use super::projection::{BoxError, Projection};
use contracts::CloudEvent;
use infra::log::PublishedEvent;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};

/// One event, read.
#[derive(Debug, Clone)]
pub struct Event<D> {
    /// Who, when, which version of what.
    pub envelope: CloudEvent,
    /// The data, typed.
    pub data: D,
    /// The data as it was published: JSON.
    pub raw: Vec<u8>,
}

/// One event and where it stood on Kafka.
#[derive(Debug, Clone)]
pub struct Record<D> {
    /// Partition of the topic.
    pub partition: i32,
    /// Offset within the partition.
    pub offset: i64,
    /// What it carries.
    pub event: Event<D>,
}

/// A record that cannot be read or applied, today or ever.
#[derive(Debug, thiserror::Error)]
#[error("record {topic}/{partition} offset {offset} (key {key}) cannot be applied")]
pub struct Poison {
    /// Full name of the topic.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// The record's key: the aggregate's id.
    pub key: String,
    /// Why.
    #[source]
    pub source: BoxError,
}

/// A record whose parts contradict each other.
#[derive(Debug, thiserror::Error)]
enum Contradiction {
    #[error("the envelope's position names partition {claimed}")]
    Partition { claimed: i32 },
    #[error("the envelope's subject is {subject}")]
    Key { subject: uuid::Uuid },
}

/// Reads a published event as the projection's data.
pub(super) fn decode<P: Projection>(published: PublishedEvent) -> Result<Event<P::Data>, BoxError> {
    let data = P::decode(&published.envelope.event_type, &published.data)?;
    Ok(Event {
        envelope: published.envelope,
        data,
        raw: published.data,
    })
}

/// Reads a Kafka record.
pub(super) fn record<P: Projection>(
    message: &BorrowedMessage<'_>,
) -> Result<Record<P::Data>, Poison> {
    let key = String::from_utf8_lossy(message.key().unwrap_or_default());
    match read::<P>(message, &key) {
        Ok(event) => Ok(Record {
            partition: message.partition(),
            offset: message.offset(),
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

fn read<P: Projection>(
    message: &BorrowedMessage<'_>,
    key: &str,
) -> Result<Event<P::Data>, BoxError> {
    let headers = message.headers().into_iter().flat_map(|h| h.iter());
    let envelope = CloudEvent::from_headers(headers.map(|h| (h.key, h.value.unwrap_or_default())))?;
    let (claimed, subject) = (envelope.position.partition, envelope.subject);
    // Statistics are kept per partition so that no two workers write one row.
    if claimed != message.partition() {
        return Err(Contradiction::Partition { claimed }.into());
    }
    if key != subject.to_string() {
        return Err(Contradiction::Key { subject }.into());
    }
    let raw = message.payload().unwrap_or_default();
    Ok(Event {
        data: P::decode(&envelope.event_type, raw)?,
        envelope,
        raw: raw.to_vec(),
    })
}
