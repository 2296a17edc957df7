//! An event as projections see it, wherever it comes from.

use super::projection::{BoxError, Projection};
use contracts::{
    CloudEvent,
    epoch::{Kind, kind_of},
};
use infra::{
    log::PublishedEvent,
    sealing::{Form, PersonalEvent, Place},
};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};

/// One event, read.
#[derive(Debug, Clone)]
pub struct Event<D> {
    /// Who, when, which version of what.
    pub envelope: CloudEvent,
    /// The data, typed.
    pub data: D,
    /// The data as JSON, as it was published but for its personal part, which
    /// is readable.
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

/// A record as Kafka delivered it: its personal data is sealed yet.
pub(super) struct Fetched {
    pub partition: i32,
    pub offset: i64,
    pub published: PublishedEvent,
}

impl PersonalEvent for Fetched {
    const FORM: Form = Form::Published;

    fn place(&self) -> Place {
        self.published.place()
    }

    fn json(&self) -> &[u8] {
        self.published.json()
    }

    fn replace(&mut self, json: String) {
        self.published.replace(json);
    }
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

/// What a Kafka record carries.
#[expect(
    clippy::large_enum_variant,
    reason = "moved once, as an event nearly always"
)]
pub(super) enum Carried {
    /// An event of an aggregate.
    Event(Fetched),
    /// The announcement of this epoch.
    EpochBegan(i32),
    /// Something else, of a later release.
    Other,
}

/// Takes a Kafka record apart, as far as it is readable by everybody.
pub(super) fn fetched<P: Projection>(message: &BorrowedMessage<'_>) -> Result<Carried, Poison> {
    carried::<P>(message).map_err(|source| Poison {
        topic: message.topic().to_owned(),
        partition: message.partition(),
        offset: message.offset(),
        key: String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned(),
        source,
    })
}

fn carried<P: Projection>(message: &BorrowedMessage<'_>) -> Result<Carried, BoxError> {
    let headers = message.headers().into_iter().flat_map(|h| h.iter());
    let headers = headers.map(|h| (h.key, h.value.unwrap_or_default()));
    match kind_of(headers, message.payload().unwrap_or_default())? {
        Kind::EpochBegan(epoch) => return Ok(Carried::EpochBegan(epoch)),
        Kind::Unknown => return Ok(Carried::Other),
        Kind::Order => {}
    }
    let key = String::from_utf8_lossy(message.key().unwrap_or_default());
    Ok(Carried::Event(Fetched {
        partition: message.partition(),
        offset: message.offset(),
        published: published::<P>(message, &key)?,
    }))
}

fn published<P: Projection>(
    message: &BorrowedMessage<'_>,
    key: &str,
) -> Result<PublishedEvent, BoxError> {
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
    Ok(PublishedEvent {
        topic: P::TOPIC.name,
        envelope,
        data: message.payload().unwrap_or_default().to_vec(),
    })
}
