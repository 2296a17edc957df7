//! The answer of a command on reference data: all of it, as the command left it,
//! and `position`.

use super::{Kind, Reference};
use contracts::{PositionToken, partition::partition_of, whole::Versioned};
use infra::{command::Outcome, http::Problem};
use serde::Serialize;

/// A piece of reference data as a command left it.
#[derive(Debug, Serialize)]
pub struct ReferenceAnswer<'a, T> {
    /// It.
    #[serde(flatten)]
    pub now: &'a Versioned<T>,
    /// Where the log stands after the command, for `min_position`.
    pub position: PositionToken,
}

impl<'a, T> ReferenceAnswer<'a, T> {
    /// Of what a command led to.
    ///
    /// # Errors
    /// Where it has no event, which cannot be.
    pub fn of<A: Kind<Document = T>>(outcome: &'a Outcome<Reference<A>>) -> Result<Self, Problem> {
        let state = &outcome.state;
        let now = state.view.as_ref();
        let now = now.ok_or_else(|| Problem::internal(Nothing))?;
        let key = now.subject.hyphenated().to_string();
        Ok(Self {
            now,
            position: PositionToken {
                topic: A::TOPIC.name.to_owned(),
                partition: partition_of(key.as_bytes(), A::TOPIC.partitions),
                at: state.at,
            },
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a command succeeded on reference data without events")]
struct Nothing;
