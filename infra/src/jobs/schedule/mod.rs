//! Jobs at certain times, one leader of all workers enqueueing them.
//!
//! - **Once per due time.** The statement that enqueues a run moves the due
//!   time on, on the condition that it is still that one: two leaders (one is
//!   frozen and wakes up) enqueue one run. The leader is only there so that
//!   nobody else has to look.
//! - **Missed runs** (nobody led, the schedule was paused) are made up for by
//!   one, for the first due time that was missed; the next is in the future.
//! - **A run that takes long** does not keep the next one away: a kind whose
//!   runs must not overlap says so with what it locks.

mod leader;
mod record;
mod store;
mod timing;

pub use leader::spawn_schedules;
pub use record::ScheduleRecord;
pub use store::{find_schedule, list_schedules, run_schedule, set_schedule_paused, succeeded};
pub use timing::{InvalidTiming, Timing};

use super::{Job, NewJob};

/// A schedule of this release.
#[derive(Debug, Clone)]
pub struct Schedule {
    name: &'static str,
    timing: Timing,
    job: NewJob,
    /// Why nothing is enqueued.
    off: Option<String>,
}

impl Schedule {
    /// Enqueues a job of this payload whenever it is due.
    ///
    /// # Errors
    /// The payload is no JSON.
    pub fn new<J: Job>(
        name: &'static str,
        timing: Timing,
        payload: &J,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            name,
            timing,
            job: NewJob::of(payload)?,
            off: None,
        })
    }

    /// The same, which is only there to be seen: it enqueues nothing, for this
    /// reason.
    #[must_use]
    pub fn off(self, why: impl Into<String>) -> Self {
        Self {
            off: Some(why.into()),
            ..self
        }
    }
}
