//! What one Kafka transaction holds, made ready to be sent.

use super::platforms::Copies;
use crate::{
    kafka::headers,
    log::{ContractMapping, MappingError, PublishedEvent, StoredEvent},
};
use rdkafka::message::OwnedHeaders;
use std::sync::Arc;
use uuid::Uuid;

/// Events of the log as records. Mapping them and putting their headers
/// together is about as much work as sending them, so it is done beforehand,
/// while the batch before is on its way.
pub struct Batch {
    pub records: Vec<Record>,
    /// Events of the log that are published by it, also those that are nobody
    /// else's business.
    pub events: usize,
}

/// One event.
pub struct Record {
    pub event: PublishedEvent,
    pub headers: OwnedHeaders,
    pub target: Target,
}

/// Where an event goes.
pub enum Target {
    /// To its topic.
    Own,
    /// To its topic, and to that of its platform.
    Both(Arc<str>),
    /// To that of its platform: it is published.
    Platform(Arc<str>),
}

impl Batch {
    /// Of `events`.
    pub fn of(
        events: &[StoredEvent],
        copies: &Copies,
        mapping: &dyn ContractMapping,
    ) -> Result<Self, MappingError> {
        let mut records = Vec::with_capacity(events.len());
        for stored in events {
            let copy = copies.get(&stored.aggregate_id);
            let target = copy.map_or(Target::Own, |topic| Target::Both(Arc::clone(topic)));
            let event = mapping.event(stored)?;
            records.extend(event.map(|event| Record::of(event, target)));
        }
        Ok(Self {
            records,
            events: events.len(),
        })
    }

    /// Of what topics of platforms lack of `events`, which are published.
    pub fn of_published(
        events: &[StoredEvent],
        copies: &Copies,
        mapping: &dyn ContractMapping,
    ) -> Result<Self, MappingError> {
        let mut records = Vec::new();
        for stored in events {
            let Some(topic) = copies.get(&stored.aggregate_id) else {
                continue;
            };
            let event = mapping.event(stored)?;
            let target = Target::Platform(Arc::clone(topic));
            records.extend(event.map(|event| Record::of(event, target)));
        }
        Ok(Self { records, events: 0 })
    }
}

impl Record {
    fn of(event: PublishedEvent, target: Target) -> Self {
        let headers = headers(&event.envelope.headers());
        Self {
            event,
            headers,
            target,
        }
    }

    /// The aggregate, and its version after this event.
    pub const fn name(&self) -> (Uuid, i64) {
        (self.event.envelope.subject, self.event.envelope.sequence)
    }
}
