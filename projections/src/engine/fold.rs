//! Folding events onto rows in memory, with the version guard
//! (`docs/ARCHITECTURE.md`, invariant 6). Pure: no I/O, no clock.

use super::{
    event::Event,
    projection::{BoxError, Projection},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It was the next one of its aggregate and is in the row now.
    Applied,
    /// The row holds it already.
    Skipped,
    /// Events before it are missing: the aggregate has to be folded anew from
    /// the log.
    Gap,
}

/// An aggregate's history in the log that does not count 1, 2, 3, …
#[derive(Debug, thiserror::Error)]
#[error("the log holds event {found} of {id} where {expected} belongs")]
pub struct BrokenHistory {
    id: Uuid,
    expected: i64,
    found: i64,
}

/// Rows in the making.
pub struct Fold<P: Projection> {
    rows: HashMap<Uuid, P::Row>,
    touched: BTreeSet<Uuid>,
    changes: P::Changes,
    guarded: bool,
}

/// What a fold came to.
pub struct Folded<P: Projection> {
    /// The rows that changed.
    pub rows: BTreeMap<Uuid, P::Row>,
    /// What changed beside them.
    pub changes: P::Changes,
}

impl<P: Projection> Fold<P> {
    /// Begins with these stored rows.
    pub fn over(rows: HashMap<Uuid, P::Row>) -> Self {
        Self {
            rows,
            touched: BTreeSet::new(),
            changes: P::Changes::default(),
            guarded: true,
        }
    }

    /// A fault for tests: whether events are held against the version.
    #[must_use]
    pub const fn guarded(mut self, guarded: bool) -> Self {
        self.guarded = guarded;
        self
    }

    /// Version of an aggregate as it stands; 0 before its first event.
    pub fn version(&self, id: Uuid) -> i64 {
        self.rows.get(&id).map_or(0, P::version)
    }

    /// Whether the event says that those before it read differently from now on, and
    /// the row does not have it yet.
    pub fn is_rewritten_by(&self, event: &Event<P::Data>) -> bool {
        let envelope = &event.envelope;
        P::rewrites(&envelope.event_type) && envelope.sequence > self.version(envelope.subject)
    }

    /// Applies the event if it is the next one of its aggregate.
    pub fn step(&mut self, event: &Event<P::Data>) -> Result<Step, BoxError> {
        let (id, version) = (event.envelope.subject, event.envelope.sequence);
        let next = self.version(id) + 1;
        if self.guarded && version < next {
            return Ok(Step::Skipped);
        }
        if self.guarded && version > next {
            return Ok(Step::Gap);
        }
        self.apply(event)?;
        Ok(Step::Applied)
    }

    /// Folds one aggregate anew from its whole history.
    pub fn refold(&mut self, id: Uuid, history: &[Event<P::Data>]) -> Result<(), BoxError> {
        if let Some(old) = self.rows.remove(&id) {
            P::retract(&old, &mut self.changes);
        }
        for (expected, event) in (1..).zip(history) {
            let found = event.envelope.sequence;
            if found != expected {
                let broken = BrokenHistory {
                    id,
                    expected,
                    found,
                };
                return Err(broken.into());
            }
            self.apply(event)?;
        }
        Ok(())
    }

    /// Takes away what an aggregate counts for, and what it has beside its
    /// row; the row itself is the caller's.
    pub fn remove(&mut self, id: Uuid) {
        match self.rows.remove(&id) {
            Some(row) => P::retract(&row, &mut self.changes),
            None => P::clear(id, &mut self.changes),
        }
    }

    fn apply(&mut self, event: &Event<P::Data>) -> Result<(), BoxError> {
        let id = event.envelope.subject;
        let row = P::apply(self.rows.remove(&id), event, &mut self.changes)?;
        self.rows.insert(id, row);
        self.touched.insert(id);
        Ok(())
    }

    /// The rows that changed, and the changes.
    pub fn finish(mut self) -> Folded<P> {
        let touched = std::mem::take(&mut self.touched);
        Folded {
            rows: touched
                .into_iter()
                .filter_map(|id| Some((id, self.rows.remove(&id)?)))
                .collect(),
            changes: self.changes,
        }
    }
}
