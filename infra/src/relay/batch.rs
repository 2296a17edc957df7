//! What one Kafka transaction holds, made ready to be sent.

use crate::{
    kafka::headers,
    log::{ContractMapping, MappingError, PublishedEvent, StoredEvent},
};
use contracts::LogPosition;
use rdkafka::message::OwnedHeaders;
use uuid::Uuid;

/// Events of the log as records. Mapping them and putting their headers
/// together is about as much work as sending them, so it is done beforehand,
/// while the batch before is on its way.
pub struct Batch {
    pub records: Vec<Record>,
    /// Events of the log, also those that are nobody else's business.
    pub events: usize,
    /// The last of them.
    pub last: LogPosition,
}

/// One event.
pub struct Record {
    pub event: PublishedEvent,
    pub headers: OwnedHeaders,
}

impl Batch {
    /// Of `events`; none where there are none.
    pub fn of(
        events: &[StoredEvent],
        mapping: &dyn ContractMapping,
    ) -> Result<Option<Self>, MappingError> {
        let Some(last) = events.last() else {
            return Ok(None);
        };
        let mut records = Vec::with_capacity(events.len());
        for stored in events {
            records.extend(mapping.event(stored)?.map(Record::of));
        }
        Ok(Some(Self {
            records,
            events: events.len(),
            last: last.at,
        }))
    }
}

impl Record {
    fn of(event: PublishedEvent) -> Self {
        let headers = headers(&event.envelope.headers());
        Self { event, headers }
    }

    /// The aggregate, and its version after this event.
    pub const fn name(&self) -> (Uuid, i64) {
        (self.event.envelope.subject, self.event.envelope.sequence)
    }
}
