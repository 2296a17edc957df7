//! The SQL of the ledger.
//!
//! Statements that change several jobs lock them in the order of their ids, or
//! skip what is locked: so none of them can deadlock with another. Times are
//! those of the database; `statement_timestamp()` rather than
//! `clock_timestamp()`, which no index condition can use.

mod conclude;
mod insert;
mod lease;
mod people;
mod sweep;
mod take;

pub use conclude::{Conclusion, Verdict, conclude};
pub use insert::insert;
pub use lease::{Beat, heartbeat, recover};
pub use people::{Filter, Retried, cancel, delete_finished, find, list, retry};
pub use sweep::{oldest_due, to_announce, unannounce};
pub use take::{TakenJob, Taker, take, take_due};

use std::time::Duration;

/// How long an announcement counts. What is still pending then is announced
/// again, if its lane has room.
pub const ANNOUNCED_FOR: Duration = Duration::from_secs(30);

/// SQL that adds a failure (expression `error`) to the last ten of job `j`.
fn with_error(error: &str) -> String {
    format!(
        "CASE WHEN jsonb_array_length(j.errors) >= 10 THEN j.errors - 0 ELSE j.errors END \
         || jsonb_build_object('attempt', j.attempts, 'at', statement_timestamp(), \
                               'worker', j.worker, 'error', {error})"
    )
}
