//! What is recorded of reference data.

use super::Kind;
use contracts::whole::{AfterVersion, Versioned};
use infra::{
    command::{BoxError, EventOf, Recording},
    log::StoredEvent,
};
use std::marker::PhantomData;
use uuid::Uuid;

/// One kind of it; commands answer with the document that the read API will
/// serve. None of it is personal.
#[derive(Debug)]
pub struct Reference<A>(PhantomData<fn() -> A>);

impl<A: Kind> Recording for Reference<A> {
    type Aggregate = A;
    type After = AfterVersion;
    type View = Versioned<A::Document>;

    const LAST_EVENT_SAYS_ALL: bool = true;

    fn after(_: &A, version: i64) -> Result<AfterVersion, BoxError> {
        Ok(AfterVersion { version })
    }

    fn subject(_: &A) -> Option<Uuid> {
        None
    }

    fn view(
        _: Option<Self::View>,
        event: &EventOf<Self>,
        after: AfterVersion,
        stored: &StoredEvent,
    ) -> Result<Self::View, BoxError> {
        Ok(Versioned {
            document: A::document(event).clone(),
            subject: Uuid::parse_str(&stored.aggregate_id)?,
            version: after.version,
            updated_at: stored.recorded_at,
        })
    }
}
