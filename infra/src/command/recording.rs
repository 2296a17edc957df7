//! What is recorded beside an event that was decided.

use super::CommandContext;
use crate::{event_store::NewEvent, log::Metadata, sealing::Unsealed};
use cqrs_es::{Aggregate, DomainEvent as _};
use uuid::Uuid;

/// Any error, kept as a cause.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What the domain says of an aggregate as an event left it.
pub struct Recording<A> {
    /// Derives the state that the event carries, as JSON text; the second
    /// argument is the aggregate's version.
    pub after: fn(&A, i64) -> Result<String, BoxError>,
    /// Whose personal data the event holds: under whose key it is sealed. An
    /// event with personal data and no subject is refused, not stored.
    pub subject: fn(&A) -> Option<Uuid>,
}

impl<A: Aggregate> Recording<A> {
    /// The events that took `aggregate` on from `version`, as they are to be
    /// sealed and stored.
    pub(super) fn events(
        &self,
        mut aggregate: A,
        version: i64,
        events: Vec<A::Event>,
        context: &CommandContext,
    ) -> Result<Vec<Unsealed>, BoxError> {
        let count = events.len();
        let mut recorded = Vec::with_capacity(count);
        for (sequence, event) in (version + 1..).zip(events) {
            let payload = serde_json::to_string(&event)?;
            let (event_type, event_version) = (event.event_type(), event.event_version());
            aggregate.apply(event);
            let after = (self.after)(&aggregate, sequence)?;
            let first_of = recorded.is_empty().then_some(count);
            recorded.push(Unsealed {
                event: NewEvent {
                    sequence,
                    event_type,
                    event_version,
                    payload,
                    metadata: metadata(context, after, first_of),
                },
                subject: (self.subject)(&aggregate),
            });
        }
        Ok(recorded)
    }
}

/// `first_of` is the number of the command's events, on its first one only.
fn metadata(context: &CommandContext, after: String, first_of: Option<usize>) -> Metadata {
    Metadata {
        actor: context.actor.clone(),
        after,
        command_id: first_of.map(|_| context.identity.id),
        payload_hash: first_of.map(|_| context.identity.payload_hash.clone()),
        command_events: first_of.map(|count| count.to_string()),
        correlation_id: context.correlation_id.clone(),
        causation_id: context.causation_id.clone(),
        traceparent: context.traceparent.clone(),
    }
}
