//! One row of the log, and what it becomes on Kafka.

use contracts::{
    CloudEvent, LogPosition, PositionToken, cloudevents::event_id, partition::partition_of,
    topics::TopicSpec,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// What is stored beside an event's payload. Every value is a string, as
/// cqrs-es wants it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Metadata {
    /// Principal that issued the command.
    pub actor: String,
    /// State after the event (JSON text), as the domain derived it at append.
    pub after: String,
    /// Only on a command's first event: its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<Uuid>,
    /// Only on a command's first event: hash of its payload, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_hash: Option<String>,
    /// Only on a command's first event: how many events it stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_events: Option<String>,
    /// Ties together what one request led to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// What led to the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// W3C trace context of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The version of the platform's rules that the event was decided by; none
    /// where none were asked, 0 where nobody has saved the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
}

/// One row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Kind of aggregate, e.g. `order`.
    pub aggregate_type: String,
    /// Id of the aggregate.
    pub aggregate_id: String,
    /// Version of the aggregate after this event, from 1.
    pub sequence: i64,
    /// Name of the domain event.
    pub event_type: String,
    /// Version of its format.
    pub event_version: String,
    /// The domain event, JSON text.
    pub payload: String,
    /// Who, why, what came of it.
    pub metadata: Metadata,
    /// Place in the log.
    pub at: LogPosition,
    /// When it was stored.
    pub recorded_at: OffsetDateTime,
}

impl StoredEvent {
    /// The envelope that this event is published in: as `event_type`, on
    /// `topic` with that many partitions, keyed by its aggregate.
    ///
    /// # Errors
    /// When the aggregate's id is not a UUID.
    pub fn envelope(&self, event_type: &str, topic: &TopicSpec) -> Result<CloudEvent, uuid::Error> {
        let subject = Uuid::parse_str(&self.aggregate_id)?;
        let metadata = &self.metadata;
        Ok(CloudEvent {
            id: event_id(self.at.epoch, subject, self.sequence),
            event_type: event_type.to_owned(),
            time: self.recorded_at,
            subject,
            sequence: self.sequence,
            actor: metadata.actor.clone(),
            correlation_id: metadata.correlation_id.clone(),
            causation_id: metadata.causation_id.clone(),
            traceparent: metadata.traceparent.clone(),
            platform_version: metadata.platform_version.clone(),
            position: self.token(topic),
        })
    }

    /// Its place, as the token of `topic` with that many partitions.
    pub fn token(&self, topic: &TopicSpec) -> PositionToken {
        PositionToken {
            topic: topic.name.to_owned(),
            partition: partition_of(self.aggregate_id.as_bytes(), topic.partitions),
            at: self.at,
        }
    }
}

/// What a stored event is on Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedEvent {
    /// Topic without the deployment's prefix; the partition is in the
    /// envelope's position, the key is the envelope's subject.
    pub topic: &'static str,
    /// Headers.
    pub envelope: CloudEvent,
    /// Value: the event's data as JSON.
    pub data: Vec<u8>,
}

/// A stored event that today's domain cannot read.
#[derive(Debug, thiserror::Error)]
#[error("event {sequence} of {aggregate_type} {aggregate_id} cannot be mapped")]
pub struct MappingError {
    /// Kind of aggregate.
    pub aggregate_type: String,
    /// Its id.
    pub aggregate_id: String,
    /// Which event.
    pub sequence: i64,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// As the source of a [`MappingError`]: a newer release has stored the event.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct NewerRelease(pub Box<dyn std::error::Error + Send + Sync>);

impl MappingError {
    /// Whether a newer release has stored the event.
    pub fn is_of_newer_release(&self) -> bool {
        self.source.is::<NewerRelease>()
    }
}

/// The event of a newer release that an error is about, whatever it was wrapped in;
/// none where it is about something else.
pub fn of_newer_release<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a MappingError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let unmapped = error.downcast_ref::<MappingError>();
        if let Some(newer) = unmapped.filter(|unmapped| unmapped.is_of_newer_release()) {
            return Some(newer);
        }
        cause = error.source();
    }
    None
}

/// From stored to published, wired in by the binary: infra moves rows and
/// does not know what they mean.
pub trait ContractMapping: Send + Sync + 'static {
    /// Brings a stored event to today's format, as it is read.
    fn upcast(&self, _stored: &mut StoredEvent) -> Result<(), MappingError> {
        Ok(())
    }

    /// One event, with `after` as it was stored; none for one that is nobody
    /// else's business.
    fn event(&self, stored: &StoredEvent) -> Result<Option<PublishedEvent>, MappingError>;

    /// All events of one aggregate from its first on, with `after` derived
    /// again by today's domain.
    fn stream(&self, stored: &[StoredEvent]) -> Result<Vec<PublishedEvent>, MappingError>;
}
