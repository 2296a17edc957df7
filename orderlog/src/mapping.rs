//! The domain's mapping, wired into everything that publishes or rebuilds.

use contracts::{order::OrderEvent, topics};
use domain::{
    invoice_register,
    order::{self, contract_data, contract_stream},
};
use infra::log::{ContractMapping, MappingError, PublishedEvent, StoredEvent};
use std::borrow::Cow;

/// Maps every aggregate of this system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mapping;

/// An aggregate that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown aggregate type")]
struct UnknownAggregate;

impl ContractMapping for Mapping {
    fn upcast(&self, stored: &mut StoredEvent) -> Result<(), MappingError> {
        if stored.aggregate_type != "order" {
            return Ok(());
        }
        let (name, version, payload) = parts(stored);
        let current = match order::current(name, version, payload) {
            Ok(Cow::Borrowed(_)) => return Ok(()),
            Ok(Cow::Owned(payload)) => payload,
            Err(error) => return Err(failed(stored, error)),
        };
        stored.payload = current;
        order::OrderEvent::version_of(&stored.event_type).clone_into(&mut stored.event_version);
        Ok(())
    }

    fn event(&self, stored: &StoredEvent) -> Result<Option<PublishedEvent>, MappingError> {
        if stored.aggregate_type == invoice_register::TYPE {
            return Ok(None);
        }
        known(stored)?;
        let data = contract_data(parts(stored), &stored.metadata.after);
        let (event_type, data) = data.map_err(|e| failed(stored, e))?;
        published(stored, event_type, data).map(Some)
    }

    fn stream(&self, stored: &[StoredEvent]) -> Result<Vec<PublishedEvent>, MappingError> {
        let Some(last) = stored.last() else {
            return Ok(Vec::new());
        };
        known(last)?;
        let events = contract_stream(stored.iter().map(parts)).map_err(|e| failed(last, e))?;
        let pairs = stored.iter().zip(&events);
        let published = |(stored, event): (&StoredEvent, &OrderEvent)| {
            let data = event.to_data().map_err(|e| failed(stored, e))?;
            published(stored, event.event_type(), data)
        };
        pairs.map(published).collect()
    }
}

/// Name, version of the format, payload.
fn parts(stored: &StoredEvent) -> (&str, &str, &str) {
    (&stored.event_type, &stored.event_version, &stored.payload)
}

fn known(stored: &StoredEvent) -> Result<(), MappingError> {
    if stored.aggregate_type == "order" {
        Ok(())
    } else {
        Err(failed(stored, UnknownAggregate))
    }
}

fn published(
    stored: &StoredEvent,
    event_type: &str,
    data: Vec<u8>,
) -> Result<PublishedEvent, MappingError> {
    let envelope = stored.envelope(event_type, &topics::ORDERS);
    Ok(PublishedEvent {
        topic: topics::ORDER_EVENTS,
        envelope: envelope.map_err(|e| failed(stored, e))?,
        data,
    })
}

fn failed(
    stored: &StoredEvent,
    source: impl std::error::Error + Send + Sync + 'static,
) -> MappingError {
    MappingError {
        aggregate_type: stored.aggregate_type.clone(),
        aggregate_id: stored.aggregate_id.clone(),
        sequence: stored.sequence,
        source: Box::new(source),
    }
}
