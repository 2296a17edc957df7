//! The job queue: work that happens outside of a request, is durable, seen,
//! retried, and can be stopped.
//!
//! ```text
//!  enqueue ─┬─> PostgreSQL ops: jobs (truth) <──── take, heartbeat, conclude ────┐
//!           └─> Redis streams (ids only) ──> queues of each worker ──> handlers ─┘
//!                    ^                              │ idle, or without Redis
//!                    └── sweepers <── due jobs ─────┴──> take what is due
//! ```
//!
//! | file | what |
//! |---|---|
//! | `kind.rs`, `handler.rs` | what a release knows of jobs: kinds, and what carries them out |
//! | `enqueue.rs` | new jobs, in the transaction of the work that they are for |
//! | `streams/` | Redis, as a messenger that may forget everything |
//! | `runner.rs`, `queue.rs` | a process, and a queue in it |
//! | `attempt.rs`, `running.rs`, `concluder.rs`, `stop.rs` | one attempt, its heartbeats, its end |
//! | `sweeper.rs` | what others have left |
//! | `text.rs` | what handlers say, as it is kept |
//! | `record.rs`, `store/` | a job as people see it; the SQL |
//! | `schedule/` | jobs at certain times |
//!
//! A job is carried out at least once. Its handler ends with a conclusion that
//! holds only while the job is under the lease that it was taken with; whoever
//! has lost the lease is told to end, and what it says no longer counts.

mod attempt;
mod concluder;
mod enqueue;
mod handler;
mod kind;
mod metrics;
mod queue;
mod record;
mod runner;
mod running;
mod schedule;
mod settings;
mod stop;
mod store;
mod streams;
mod sweeper;
mod text;

pub use enqueue::{Enqueued, Lane, NewJob, enqueue};
pub use handler::{Context, Ended, Handlers, JobError, Outcome, Progress};
pub use kind::{Job, Kind, Priority};
pub use record::{JobRecord, JobState};
pub use runner::spawn;
pub use schedule::{
    InvalidTiming, Schedule, ScheduleRecord, Timing, find_schedule, list_schedules, run_schedule,
    set_schedule_paused, spawn_schedules,
};
pub use settings::Settings;
pub use store::{Filter, cancel, delete_finished, find, list, retry, retry_dead};
pub use streams::Announcer;
