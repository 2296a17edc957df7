//! An aggregate as it is known at some version.

use super::recording::{BoxError, EventOf, Recording};
use crate::{log::StoredEvent, sealing::KeysUsed};
use contracts::LogPosition;
use cqrs_es::Aggregate as _;
use serde::{Deserialize, Serialize};

/// An aggregate as its last event left it. The default is one that does not
/// exist.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct State<R: Recording> {
    /// What decisions are made on.
    pub aggregate: R::Aggregate,
    /// What answers are made of; none where there is no event.
    pub view: Option<R::View>,
    /// How many events it has had.
    pub version: i64,
    /// Where the last one stands in the log.
    pub at: LogPosition,
    /// Bytes of its events, about: a measure of its own size.
    pub(super) bytes: usize,
    /// Version of the last snapshot that was taken, as far as is known.
    #[serde(skip)]
    pub(super) kept: i64,
    /// The keys of the personal data in it.
    #[serde(skip)]
    pub keys: KeysUsed,
}

impl<R: Recording> Default for State<R> {
    fn default() -> Self {
        Self {
            aggregate: R::Aggregate::default(),
            view: None,
            version: 0,
            at: LogPosition::START,
            bytes: 0,
            kept: 0,
            keys: KeysUsed::default(),
        }
    }
}

impl<R: Recording> Clone for State<R> {
    fn clone(&self) -> Self {
        Self {
            aggregate: self.aggregate.clone(),
            view: self.view.clone(),
            keys: self.keys.clone(),
            ..*self
        }
    }
}

impl<R: Recording> State<R> {
    /// The state that a loaded stream leads to.
    pub(super) fn fold(stream: &[StoredEvent]) -> Result<Self, BoxError> {
        let mut state = Self::default();
        for stored in stream {
            state.apply(stored)?;
        }
        Ok(state)
    }

    /// Applies one more loaded event.
    pub(super) fn apply(&mut self, stored: &StoredEvent) -> Result<(), BoxError> {
        let event: EventOf<R> = serde_json::from_str(&stored.payload)?;
        let after = serde_json::from_str(&stored.metadata.after)?;
        self.see(&event, after, stored)?;
        self.aggregate.apply(event);
        Ok(())
    }

    /// Applies one more event to all but the aggregate.
    pub(super) fn see(
        &mut self,
        event: &EventOf<R>,
        after: R::After,
        stored: &StoredEvent,
    ) -> Result<(), BoxError> {
        self.view = Some(R::view(self.view.take(), event, after, stored)?);
        self.version = stored.sequence;
        self.at = stored.at;
        self.bytes += stored.payload.len() + stored.metadata.after.len();
        Ok(())
    }
}
