//! The domain's mapping, wired into everything that publishes or rebuilds.

use contracts::{order, topics};
use domain::order::{contract_event, contract_stream};
use infra::log::{ContractMapping, MappingError, PublishedEvent, StoredEvent};

/// Maps every aggregate of this system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mapping;

/// An aggregate that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown aggregate type")]
struct UnknownAggregate;

impl ContractMapping for Mapping {
    fn event(&self, stored: &StoredEvent) -> Result<PublishedEvent, MappingError> {
        known(stored)?;
        let event = contract_event(&stored.payload, &stored.metadata.after);
        published(stored, &event.map_err(|e| failed(stored, e))?)
    }

    fn stream(&self, stored: &[StoredEvent]) -> Result<Vec<PublishedEvent>, MappingError> {
        let Some(last) = stored.last() else {
            return Ok(Vec::new());
        };
        known(last)?;
        let payloads = stored.iter().map(|event| event.payload.as_str());
        let events = contract_stream(payloads).map_err(|e| failed(last, e))?;
        let pairs = stored.iter().zip(&events);
        pairs.map(|(s, event)| published(s, event)).collect()
    }
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
    event: &order::OrderEvent,
) -> Result<PublishedEvent, MappingError> {
    let envelope = stored
        .envelope(event.event_type(), &topics::ORDERS)
        .map_err(|e| failed(stored, e))?;
    Ok(PublishedEvent {
        topic: topics::ORDER_EVENTS,
        envelope,
        data: event.to_data().map_err(|e| failed(stored, e))?,
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
