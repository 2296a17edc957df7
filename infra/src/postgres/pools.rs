//! The pools of a process, and how they are used.

use super::Database;
use metrics::{describe_gauge, gauge};
use sqlx::PgPool;
use std::sync::{Arc, Mutex, PoisonError};

const CONNECTIONS: &str = "orderlog_db_pool_connections";

/// The pools of a process, by the database that they lead to: those that many
/// share, not the one connection of a listener. Cheap to clone.
#[derive(Clone, Default)]
pub struct Pools(Arc<Mutex<Vec<(Database, PgPool)>>>);

impl Pools {
    /// Has a pool measured from now on.
    pub fn add(&self, database: Database, pool: &PgPool) {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pools.push((database, pool.clone()));
    }

    /// Tells how many connections all of them have at this moment.
    pub fn measure(&self) {
        let pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for database in Database::ALL {
            let mut here = pools.iter().filter(|(of, _)| *of == database).peekable();
            if here.peek().is_none() {
                continue;
            }
            let (open, idle) = here.fold((0_u32, 0_u32), |(open, idle), (_, pool)| {
                let unused = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
                (
                    open.saturating_add(pool.size()),
                    idle.saturating_add(unused),
                )
            });
            // They change while they are counted.
            let used = open.saturating_sub(idle);
            for (state, count) in [("idle", idle), ("used", used)] {
                gauge!(CONNECTIONS, "database" => database.name(), "state" => state)
                    .set(f64::from(count));
            }
        }
    }
}

/// Tells the exporter what the name means.
pub(crate) fn describe_metrics() {
    describe_gauge!(
        CONNECTIONS,
        "Connections of this process to each database, by whether they are used"
    );
}
