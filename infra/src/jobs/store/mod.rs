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
pub use lease::{Beat, Kept, heartbeat, recover};
pub use people::{Filter, cancel, delete_finished, find, list, retry, retry_dead};
pub use sweep::{oldest_due, rehome, to_announce, unannounce};
pub use take::{TakenJob, Taker, take, take_due};

use sqlx::{PgPool, error::DatabaseError};
use std::time::Duration;
use time::OffsetDateTime;

/// How long an announcement counts. What is still pending then is announced
/// again, if its lane has room.
pub const ANNOUNCED_FOR: Duration = Duration::from_secs(30);

/// The time, by the database's clock.
pub async fn now(ops: &PgPool) -> Result<OffsetDateTime, sqlx::Error> {
    let now = sqlx::query_scalar("SELECT statement_timestamp()");
    now.fetch_one(ops).await
}

/// Whether the values of a statement are at fault, so that it will never
/// succeed: they cannot be stored (class 22), break a rule of the table (23),
/// or are too much (54). Whatever else is wrong may pass.
pub fn is_unstorable(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| names_values(&code))
}

fn names_values(code: &str) -> bool {
    ["22", "23", "54"]
        .iter()
        .any(|class| code.starts_with(class))
}

/// SQL that adds a failure (expression `error`) to the last ten of job `j`.
fn with_error(error: &str) -> String {
    format!(
        "CASE WHEN jsonb_array_length(j.errors) >= 10 THEN j.errors - 0 ELSE j.errors END \
         || jsonb_build_object('attempt', j.attempts, 'at', statement_timestamp(), \
                               'worker', j.worker, 'error', {error})"
    )
}

#[cfg(test)]
mod tests {
    use super::names_values;

    #[test]
    fn only_what_is_written_can_be_at_fault_for_good() {
        for lasting in ["22P05", "22008", "23514", "54000"] {
            assert!(names_values(lasting), "{lasting}");
        }
        // A lock, a time limit, a deadlock, a full disk, a server that ends.
        for passing in ["55P03", "57014", "40P01", "53100", "57P01"] {
            assert!(!names_values(passing), "{passing}");
        }
    }
}
