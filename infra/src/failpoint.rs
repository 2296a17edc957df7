//! Faults that tests put in, to see that their checks notice: a check that
//! passes without what it checks is none.
//!
//! They are in debug builds only, they cannot be switched on from outside of
//! the process, and each is for one database: that of the test.

#[cfg(not(debug_assertions))]
use sqlx::PgPool;

/// What can be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failpoint {
    /// Readers of the whole log go past the horizon (invariant 3).
    NoHorizon,
    /// An append writes something else first, in its own transaction
    /// (invariant 1).
    WriteBeforeInsert,
    /// A command's events are stored as far as nothing is in their way
    /// (invariant 11).
    HalfACommand,
    /// Events are applied whatever version their order has (invariant 6).
    NoVersionGuard,
    /// A projector moves offsets whatever they are by now (invariant 6).
    NoCompareAndSet,
    /// Jobs are concluded by whoever says so, lease or not.
    NoLeaseToken,
    /// Jobs are taken whatever state they are in.
    NoPendingGuard,
}

#[cfg(debug_assertions)]
mod debug {
    use super::Failpoint;
    use sqlx::PgPool;
    use std::sync::{Mutex, PoisonError};

    /// The faults that are in, with their databases.
    static IN: Mutex<Vec<(Failpoint, String)>> = Mutex::new(Vec::new());

    /// Puts a fault in, for every pool on this database, until the process ends.
    pub fn put_in(fault: Failpoint, pool: &PgPool) {
        let mut faults = IN.lock().unwrap_or_else(PoisonError::into_inner);
        faults.push((fault, database(pool)));
    }

    /// Whether a fault is in for the database of this pool.
    pub fn is_in(fault: Failpoint, pool: &PgPool) -> bool {
        let faults = IN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut those = faults.iter().filter(|(other, _)| *other == fault);
        those.any(|(_, of)| *of == database(pool))
    }

    fn database(pool: &PgPool) -> String {
        let options = pool.connect_options();
        let name = options.get_database().unwrap_or_default();
        format!("{}/{name}", options.get_port())
    }
}

#[cfg(debug_assertions)]
pub use debug::{is_in, put_in};

/// Never, in a release.
#[cfg(not(debug_assertions))]
pub const fn is_in(_: Failpoint, _: &PgPool) -> bool {
    false
}
