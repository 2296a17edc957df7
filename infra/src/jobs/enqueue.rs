//! Jobs that are new.

use super::{
    kind::{Job, Priority},
    store,
};
use crate::clock;
use sqlx::PgConnection;
use std::{collections::HashSet, time::Duration};
use time::{OffsetDateTime, PrimitiveDateTime};
use uuid::Uuid;

/// A job before it is enqueued.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub(super) id: Uuid,
    pub(super) queue: &'static str,
    pub(super) kind: &'static str,
    /// JSON.
    pub(super) payload: String,
    pub(super) priority: Priority,
    pub(super) max_attempts: u32,
    pub(super) run_at: Option<OffsetDateTime>,
    pub(super) unique_key: Option<String>,
    pub(super) traceparent: Option<String>,
    pub(super) correlation_id: Option<String>,
}

impl NewJob {
    /// A job that is due at once, treated as its kind says.
    ///
    /// # Errors
    /// The payload is no JSON: a map with keys that are no text, say.
    pub fn of<J: Job>(payload: &J) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: clock::new_id(),
            queue: J::KIND.queue,
            kind: J::KIND.name,
            payload: serde_json::to_string(payload)?,
            priority: J::KIND.priority,
            max_attempts: J::KIND.max_attempts,
            run_at: None,
            unique_key: None,
            traceparent: None,
            correlation_id: None,
        })
    }

    /// Its id.
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Not before `at`.
    #[must_use]
    pub const fn run_at(mut self, at: OffsetDateTime) -> Self {
        self.run_at = Some(at);
        self
    }

    /// Not sooner than after `pause`, by this machine's clock.
    #[must_use]
    pub fn after(self, pause: Duration) -> Self {
        self.run_at(later(clock::now(), pause))
    }

    /// Not at all where one of this kind with this key is pending or running.
    /// One that runs may have read its subject before the change that this one
    /// is for: where the change must be seen, it belongs into the key (as a
    /// version, say).
    #[must_use]
    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique_key = Some(key.into());
        self
    }

    /// Another priority than its kind has.
    #[must_use]
    pub const fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// What led to it: W3C trace context, and what ties together all that one
    /// request led to.
    #[must_use]
    pub fn caused_by(mut self, traceparent: Option<String>, correlation: Option<String>) -> Self {
        self.traceparent = traceparent;
        self.correlation_id = correlation;
        self
    }
}

/// Or the last of all times.
fn later(now: OffsetDateTime, pause: Duration) -> OffsetDateTime {
    let pause = time::Duration::try_from(pause).unwrap_or(time::Duration::MAX);
    let at = now.checked_add(pause);
    at.unwrap_or_else(|| PrimitiveDateTime::MAX.assume_utc())
}

/// What was enqueued. Once the transaction is committed, whoever has Redis
/// announces it ([`super::Announcer`]); jobs that nobody announces begin a
/// second or so later.
#[derive(Debug, Clone, Default)]
#[must_use = "to be announced after the commit"]
pub struct Enqueued {
    /// Which jobs are new; in their place, none for those that their key kept
    /// away.
    pub ids: Vec<Option<Uuid>>,
    /// Those that are due now, with their lanes.
    pub(super) due: Vec<(Lane, Uuid)>,
}

/// Where a job waits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    /// The queue.
    pub queue: String,
    /// The class within it.
    pub priority: Priority,
}

/// Writes jobs in one statement, in the transaction of the work that they are
/// for: both are there, or neither is.
pub async fn enqueue(
    connection: &mut PgConnection,
    jobs: &[NewJob],
) -> Result<Enqueued, sqlx::Error> {
    if jobs.is_empty() {
        return Ok(Enqueued::default());
    }
    let new: HashSet<Uuid> = store::insert(connection, jobs).await?.into_iter().collect();
    let is_new = |job: &&NewJob| new.contains(&job.id);
    let due = jobs
        .iter()
        .filter(is_new)
        .filter(|job| job.run_at.is_none());
    let due = due.map(|job| {
        let lane = Lane {
            queue: job.queue.to_owned(),
            priority: job.priority,
        };
        (lane, job.id)
    });
    Ok(Enqueued {
        due: due.collect(),
        ids: jobs
            .iter()
            .map(|job| new.contains(&job.id).then_some(job.id))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_beyond_all_times_ends_with_the_last_of_them() {
        let now = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(later(now, Duration::from_secs(7)).unix_timestamp(), 7);
        assert_eq!(later(now, Duration::MAX).year(), 9999);
    }
}
