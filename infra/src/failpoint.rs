//! Faults that tests put in, to see that their checks notice: a check that
//! passes without what it checks is none. And gates at which tests hold
//! somebody in the middle of what it does, as a frozen process is.
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
    /// Offsets are committed before the rows of their records (invariant 6).
    OffsetsBeforeRows,
}

/// Where somebody can be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// A publisher of documents has read some, and sends them next.
    PublisherHasRead,
    /// It has sent them, and commits next.
    PublisherHasSent,
}

#[cfg(debug_assertions)]
mod debug {
    use super::{Failpoint, Gate};
    use sqlx::PgPool;
    use std::sync::{Arc, Mutex, PoisonError};
    use tokio::{runtime::Handle, sync::watch};

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

    /// What becomes of a gate, in this order.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum Stage {
        Closed,
        Holding,
        Open,
        Left,
    }

    #[derive(Debug)]
    struct Closed {
        gate: Gate,
        database: String,
        stage: watch::Sender<Stage>,
    }

    /// The gates that are closed.
    static CLOSED: Mutex<Vec<Arc<Closed>>> = Mutex::new(Vec::new());

    /// A gate that holds the first one who comes. Dropped, it is open.
    #[derive(Debug)]
    pub struct Held(Arc<Closed>);

    /// Closes a gate for every pool on this database.
    pub fn close(gate: Gate, pool: &PgPool) -> Held {
        let closed = Arc::new(Closed {
            gate,
            database: database(pool),
            stage: watch::Sender::new(Stage::Closed),
        });
        let mut gates = CLOSED.lock().unwrap_or_else(PoisonError::into_inner);
        gates.push(Arc::clone(&closed));
        Held(closed)
    }

    impl Held {
        /// Waits until somebody is held.
        pub async fn is_reached(&self) {
            self.0.until(Stage::Holding).await;
        }

        /// Lets it go, and waits until it has done what it was about to do.
        pub async fn let_go(self) {
            self.0.enter(Stage::Open);
            self.0.until(Stage::Left).await;
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            let mut gates = CLOSED.lock().unwrap_or_else(PoisonError::into_inner);
            gates.retain(|other| !Arc::ptr_eq(other, &self.0));
            self.0.enter(Stage::Open);
        }
    }

    impl Closed {
        fn enter(&self, next: Stage) {
            self.stage.send_if_modified(|stage| {
                let later = *stage < next;
                if later {
                    *stage = next;
                }
                later
            });
        }

        async fn until(&self, stage: Stage) {
            // The sender is in here.
            let _ = self.stage.subscribe().wait_for(|at| *at >= stage).await;
        }
    }

    /// Somebody who has come to a gate; dropped when it has done what comes
    /// after.
    #[derive(Debug)]
    pub struct Passing(Option<Arc<Closed>>);

    /// Waits at a gate, on a thread that may, if a test has closed it and nobody
    /// else is held.
    pub fn pass(gate: Gate, pool: &PgPool) -> Passing {
        let database = database(pool);
        let gates = CLOSED.lock().unwrap_or_else(PoisonError::into_inner);
        let mut those = gates
            .iter()
            .filter(|c| c.gate == gate && c.database == database);
        let held = those.find(|closed| {
            closed.stage.send_if_modified(|stage| {
                let first = *stage == Stage::Closed;
                if first {
                    *stage = Stage::Holding;
                }
                first
            })
        });
        let held = held.cloned();
        drop(gates);
        if let Some(closed) = &held {
            Handle::current().block_on(closed.until(Stage::Open));
        }
        Passing(held)
    }

    impl Drop for Passing {
        fn drop(&mut self) {
            if let Some(closed) = &self.0 {
                closed.enter(Stage::Left);
            }
        }
    }

    fn database(pool: &PgPool) -> String {
        let options = pool.connect_options();
        let name = options.get_database().unwrap_or_default();
        format!("{}/{name}", options.get_port())
    }
}

#[cfg(debug_assertions)]
pub use debug::{Held, Passing, close, is_in, pass, put_in};

/// Never, in a release.
#[cfg(not(debug_assertions))]
pub const fn is_in(_: Failpoint, _: &PgPool) -> bool {
    false
}

/// Nobody is held, in a release.
#[cfg(not(debug_assertions))]
pub const fn pass(_: Gate, _: &PgPool) {}
