//! The domain's mapping, wired into everything that publishes or rebuilds.

use contracts::topics::{self, TopicSpec};
use cqrs_es::Aggregate as _;
use domain::{
    invoice_register::{self, InvoiceRegisterEvent},
    order::{self, ContractError, Order, Stored, UpcastError, contract_data, contract_stream},
    platform::Platform,
    product::Product,
    shipping::{method::ShippingMethod, zone::ShippingZone},
    whole::Whole,
};
use infra::log::{ContractMapping, MappingError, NewerRelease, PublishedEvent, StoredEvent};
use std::borrow::Cow;

/// Maps every aggregate of this system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mapping;

/// An aggregate that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown aggregate type")]
struct UnknownAggregate;

/// A published event: its type, and its data.
type Data = (&'static str, Vec<u8>);

/// A kind of aggregate whose events are published.
struct Kind {
    /// As the log has it.
    aggregate_type: &'static str,
    topic: &'static TopicSpec,
    /// The payload of one event in today's format.
    current: fn(Stored<'_>) -> Result<Cow<'_, str>, UpcastError>,
    /// One event, with `after` as it was stored.
    event: fn(Stored<'_>, &str) -> Result<Data, ContractError>,
    /// All events of one aggregate.
    stream: fn(&[Stored<'_>]) -> Result<Vec<Data>, ContractError>,
}

/// All of them. Invoice registers are nobody else's business.
static KINDS: [Kind; 5] = [
    Kind {
        aggregate_type: Order::TYPE,
        topic: &topics::ORDERS,
        current: current_order,
        event: contract_data,
        stream: orders,
    },
    whole::<Platform>(),
    whole::<Product>(),
    whole::<ShippingZone>(),
    whole::<ShippingMethod>(),
];

const fn whole<A: Whole>() -> Kind {
    Kind {
        aggregate_type: A::TYPE,
        topic: A::TOPIC,
        current: as_it_stands::<A>,
        event: A::published,
        stream: A::stream,
    }
}

fn current_order((name, version, payload): Stored<'_>) -> Result<Cow<'_, str>, UpcastError> {
    order::current(name, version, payload)
}

/// Formats of reference data have never changed.
fn as_it_stands<A: Whole>(
    (name, version, payload): Stored<'_>,
) -> Result<Cow<'_, str>, UpcastError> {
    A::knows((name, version))?;
    Ok(Cow::Borrowed(payload))
}

fn orders(stream: &[Stored<'_>]) -> Result<Vec<Data>, ContractError> {
    contract_stream(stream.iter().copied())
}

impl ContractMapping for Mapping {
    fn upcast(&self, stored: &mut StoredEvent) -> Result<(), MappingError> {
        let (name, version, payload) = parts(stored);
        let current = match kind(stored) {
            Ok(kind) => (kind.current)((name, version, payload)),
            Err(_) if stored.aggregate_type == invoice_register::TYPE => {
                InvoiceRegisterEvent::knows((name, version)).map(|()| Cow::Borrowed(payload))
            }
            // Nothing here reads it but who publishes it, who is told.
            Err(_) => return Ok(()),
        };
        let current = match current {
            Ok(Cow::Borrowed(_)) => return Ok(()),
            Ok(Cow::Owned(payload)) => payload,
            Err(error) => return Err(failed(stored, error)),
        };
        stored.payload = current;
        // Only orders have had other formats.
        order::OrderEvent::version_of(&stored.event_type).clone_into(&mut stored.event_version);
        Ok(())
    }

    fn event(&self, stored: &StoredEvent) -> Result<Option<PublishedEvent>, MappingError> {
        if stored.aggregate_type == invoice_register::TYPE {
            return Ok(None);
        }
        let kind = kind(stored)?;
        let data = (kind.event)(parts(stored), &stored.metadata.after);
        let data = data.map_err(|e| failed(stored, e))?;
        published(stored, kind.topic, data).map(Some)
    }

    fn stream(&self, stored: &[StoredEvent]) -> Result<Vec<PublishedEvent>, MappingError> {
        let Some(last) = stored.last() else {
            return Ok(Vec::new());
        };
        let kind = kind(last)?;
        let parts: Vec<Stored<'_>> = stored.iter().map(parts).collect();
        let events = (kind.stream)(&parts).map_err(|e| failed(last, e))?;
        let pairs = stored.iter().zip(events);
        pairs
            .map(|(stored, data)| published(stored, kind.topic, data))
            .collect()
    }
}

/// Name, version of the format, payload.
fn parts(stored: &StoredEvent) -> Stored<'_> {
    (&stored.event_type, &stored.event_version, &stored.payload)
}

fn kind(stored: &StoredEvent) -> Result<&'static Kind, MappingError> {
    let mut kinds = KINDS.iter();
    let known = kinds.find(|kind| kind.aggregate_type == stored.aggregate_type);
    known.ok_or_else(|| failed(stored, UnknownAggregate))
}

fn published(
    stored: &StoredEvent,
    topic: &'static TopicSpec,
    (event_type, data): Data,
) -> Result<PublishedEvent, MappingError> {
    let envelope = stored.envelope(event_type, topic);
    Ok(PublishedEvent {
        topic: topic.name,
        envelope: envelope.map_err(|e| failed(stored, e))?,
        data,
    })
}

fn failed(
    stored: &StoredEvent,
    source: impl std::error::Error + Send + Sync + 'static,
) -> MappingError {
    let source: Box<dyn std::error::Error + Send + Sync> = Box::new(source);
    let upcast = match source.downcast_ref::<ContractError>() {
        Some(ContractError::Version(upcast)) => Some(upcast),
        _ => source.downcast_ref::<UpcastError>(),
    };
    let is_newer = upcast.is_some_and(UpcastError::is_newer);
    MappingError {
        aggregate_type: stored.aggregate_type.clone(),
        aggregate_id: stored.aggregate_id.clone(),
        sequence: stored.sequence,
        source: if is_newer {
            Box::new(NewerRelease(source))
        } else {
            source
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::LogPosition;
    use infra::log::Metadata;
    use time::OffsetDateTime;

    fn stored(aggregate_type: &str, event_type: &str, event_version: &str) -> StoredEvent {
        StoredEvent {
            aggregate_type: aggregate_type.into(),
            aggregate_id: "a1".into(),
            sequence: 2,
            event_type: event_type.into(),
            event_version: event_version.into(),
            payload: format!(r#"{{"{event_type}":{{}}}}"#),
            metadata: Metadata::default(),
            at: LogPosition::START,
            recorded_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn an_event_of_a_newer_release_is_told_apart_whatever_it_is_about() {
        let known = KINDS.iter().map(|kind| kind.aggregate_type);
        let names = [
            "OrderPlaced",
            "PlatformSaved",
            "ProductSaved",
            "ShippingZoneSaved",
            "ShippingMethodSaved",
            "InvoiceNumberAssigned",
        ];
        let kinds: Vec<_> = known.chain([invoice_register::TYPE]).collect();
        assert_eq!(kinds.len(), names.len());
        for (kind, name) in kinds.into_iter().zip(names) {
            let todays = Mapping.upcast(&mut stored(kind, name, "1"));
            assert!(todays.is_ok(), "{kind}: {todays:?}");
            for (name, version) in [(name, "99"), ("Teleported", "1")] {
                let newer = Mapping.upcast(&mut stored(kind, name, version));
                let newer = newer.expect_err("it is not known");
                assert!(newer.is_of_newer_release(), "{kind}: {newer:?}");
            }
            for version in ["0", "", "one"] {
                let damaged = Mapping.upcast(&mut stored(kind, name, version));
                let damaged = damaged.expect_err("no version");
                assert!(!damaged.is_of_newer_release(), "{kind}: {damaged:?}");
            }
        }
    }
}
