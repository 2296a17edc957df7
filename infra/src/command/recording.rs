//! What is recorded beside an event that was decided, and what is known of an
//! aggregate afterwards.

use super::CommandContext;
use crate::{
    event_store::NewEvent,
    log::{Metadata, StoredEvent},
    sealing::Unsealed,
};
use cqrs_es::{Aggregate, DomainEvent as _};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// Any error, kept as a cause.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One kind of aggregate, as its executor has to know it.
pub trait Recording: Send + Sync + 'static {
    /// The aggregate itself.
    type Aggregate: Aggregate<Services = (), Command: Send, Event: Send + Sync, Error: 'static>
        + Clone
        + 'static;
    /// What each event carries of the state that it left; kept as JSON text.
    type After: Serialize + DeserializeOwned + Send + Sync;
    /// What commands answer with: a fold of the stored events.
    type View: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// The version of the form in which snapshots of aggregate and view are
    /// kept: to be raised with every change of either one's fields, or of what
    /// events make of them. None: no snapshots.
    const SNAPSHOTS: Option<i32> = None;

    /// Whether the last event alone leads to the aggregate's state, and each
    /// command has one event: then no other events are loaded.
    const LAST_EVENT_SAYS_ALL: bool = false;

    /// The state that an event of this version left.
    fn after(aggregate: &Self::Aggregate, version: i64) -> Result<Self::After, BoxError>;

    /// Whose personal data an event holds that left this state: under whose
    /// key it is sealed. An event with personal data and no subject is
    /// refused, not stored.
    fn subject(aggregate: &Self::Aggregate) -> Option<Uuid>;

    /// The view after one more event: none comes before the first one.
    fn view(
        view: Option<Self::View>,
        event: &EventOf<Self>,
        after: Self::After,
        stored: &StoredEvent,
    ) -> Result<Self::View, BoxError>;
}

/// The events of a kind of aggregate.
pub type EventOf<R> = <<R as Recording>::Aggregate as Aggregate>::Event;
/// What a kind of aggregate rejects commands with.
pub type RejectionOf<R> = <<R as Recording>::Aggregate as Aggregate>::Error;

/// An event that was decided, with all that is recorded of it.
pub(super) struct Recorded<R: Recording> {
    pub event: EventOf<R>,
    pub after: R::After,
    pub unsealed: Unsealed,
}

/// The events that took `before` on from `version`, and left `last`, as they
/// are to be sealed and stored; `rules` is the version of the platform's rules
/// that they were decided by.
pub(super) fn record<R: Recording>(
    (before, version): (&R::Aggregate, i64),
    events: Vec<EventOf<R>>,
    last: &R::Aggregate,
    (context, rules): (&CommandContext, Option<i64>),
) -> Result<Vec<Recorded<R>>, BoxError> {
    let count = events.len();
    let mut recorded = Vec::with_capacity(count);
    // Most commands have one event: the state that it left is known already.
    let mut between = (count > 1).then(|| before.clone());
    for (number, event) in (1..).zip(events) {
        let sequence = version + number;
        let left = match &mut between {
            Some(state) if recorded.len() + 1 < count => {
                state.apply(event.clone());
                &*state
            }
            _ => last,
        };
        let after = R::after(left, sequence)?;
        let first_of = recorded.is_empty().then_some(count);
        let new = NewEvent {
            sequence,
            event_type: event.event_type(),
            event_version: event.event_version(),
            payload: serde_json::to_string(&event)?,
            metadata: metadata((context, rules), serde_json::to_string(&after)?, first_of),
        };
        let subject = R::subject(left);
        recorded.push(Recorded {
            event,
            after,
            unsealed: Unsealed {
                event: new,
                subject,
            },
        });
    }
    Ok(recorded)
}

/// `first_of` is the number of the command's events, on its first one only.
fn metadata(
    (context, rules): (&CommandContext, Option<i64>),
    after: String,
    first_of: Option<usize>,
) -> Metadata {
    Metadata {
        actor: context.actor.clone(),
        after,
        command_id: first_of.map(|_| context.identity.id),
        payload_hash: first_of.map(|_| context.identity.payload_hash.clone()),
        command_events: first_of.map(|count| count.to_string()),
        correlation_id: context.correlation_id.clone(),
        causation_id: context.causation_id.clone(),
        traceparent: context.traceparent.clone(),
        platform_version: rules.map(|version| version.to_string()),
    }
}
