//! Connection pools and migrations of the three databases.

mod migrate;
mod migration_state;
mod pooler;
mod pools;
mod roles;

pub use migrate::{
    Database, MigrateError, create_database_if_missing, migrate_all, migration_options,
};
pub use migration_state::{MigrationState, migration_state};
pub use pooler::{leads_to_pooler, lends_sessions, with_options};
pub use pools::Pools;
pub(crate) use pools::describe_metrics;
pub use roles::{RolesError, grant_roles, make_roles};

use crate::{config::Config, epoch, slow_statements};
use sqlx::{
    Connection as _, PgPool,
    error::DatabaseError,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;

/// A connection that was used so recently is not looked at before it is used
/// again.
const FRESH: Duration = Duration::from_millis(50);

/// Those of every session of ours, unless it is told others.
pub const TIME_OUTS: [(&str, &str); 3] = [
    ("idle_in_transaction_session_timeout", "10s"),
    ("statement_timeout", "30s"),
    ("lock_timeout", "10s"),
];

/// The pools of the three databases. Connecting is lazy: a role whose
/// database is away starts, is not ready, and recovers by itself.
#[derive(Debug, Clone)]
pub struct Databases {
    /// The log; no connection is made to one that was restored (invariant 16).
    pub events: PgPool,
    /// The read models.
    pub views: PgPool,
    /// Keys, endpoints, jobs.
    pub ops: PgPool,
}

impl Databases {
    /// Makes the pools; opens no connection yet.
    pub fn new(config: &Config) -> Result<Self, sqlx::Error> {
        Ok(Self {
            events: epoch::pool(&config.events_url, config.events_pool_size)?,
            views: pool(&config.views_url, config.views_pool_size)?,
            ops: pool(&config.ops_url, config.ops_pool_size)?,
        })
    }
}

/// Connection options with the time-outs every session of ours has: an idle
/// transaction would hold back the horizon, a runaway statement a pool slot.
/// Slow statements are logged, as they were written: with `$1` for each value,
/// but for those few that stand in the statement (a platform, a status).
///
/// Behind a pooler that lends sessions (`?pooler=transaction`) they are for the
/// database's role to have, and nothing is sent.
pub fn connect_options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let (options, is_pooler) = pooler::options_of(url)?;
    let options = slow_statements::logged(options).application_name("orderlog");
    Ok(if is_pooler {
        options
    } else {
        options.options(TIME_OUTS).options([("timezone", "UTC")])
    })
}

/// A lazily connected pool of at most `size` connections.
pub fn pool(url: &str, size: u32) -> Result<PgPool, sqlx::Error> {
    Ok(lazy_pool(connect_options(url)?, size))
}

/// Where a listener of the log connects: it keeps a session for itself. `log` is
/// good for that, unless sessions of it are lent.
pub fn listener(config: &Config, log: &PgPool) -> Result<PgPool, sqlx::Error> {
    if lends_sessions(log) {
        return epoch::pool(Database::Events.session_url(config), 1);
    }
    Ok(log.clone())
}

/// A lazily connected pool for queries of the read models on the server of
/// `url`, with the time-outs of the configuration.
pub fn read_pool(config: &Config, url: &str) -> Result<PgPool, sqlx::Error> {
    let timeout = config.views_statement_timeout_ms.to_string();
    let options = with_options(connect_options(url)?, [("statement_timeout", &timeout)]);
    let acquire = Duration::from_millis(config.views_acquire_timeout_ms);
    let pool = pool_options(config.views_pool_size).acquire_timeout(acquire);
    Ok(pool.connect_lazy_with(options))
}

/// The same, of sessions with these options.
pub fn lazy_pool(options: PgConnectOptions, size: u32) -> PgPool {
    pool_options(size).connect_lazy_with(options)
}

/// What all pools have in common.
pub(crate) fn pool_options(size: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(Duration::from_secs(5))
        .max_lifetime(Duration::from_mins(30))
        // A look at a connection before each use would double the round trips
        // of a statement; one that was in use a moment ago is taken as it is.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for < FRESH {
                    return Ok(true);
                }
                Ok(connection.ping().await.is_ok())
            })
        })
}

/// 42P01: there is no such table. The database is not migrated.
pub(crate) fn is_missing_table(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.as_deref() == Some("42P01")
}

/// 57014: the statement took longer than the session allows, or than somebody
/// who ended it.
pub fn is_cut_off(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.as_deref() == Some("57014")
}

/// 55P03: somebody else holds the table for longer than a session waits.
pub(crate) fn is_locked_out(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.as_deref() == Some("55P03")
}

/// Whether another server of the same data might answer what this one did not:
/// it is away or does not let us in, or a replica that replays what stands in the
/// way of the query (40001, 40P01, 55P03) or has not got the table yet.
pub fn is_worth_another(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    let of_this_one = [
        "28000", "28P01", "3D000", "40001", "40P01", "42P01", "55P03",
    ];
    code.is_some_and(|code| of_this_one.contains(&&*code)) || is_connection_error(error)
}

/// Whether an error means that a server is away, and not only that it, or our
/// pool, has as many connections as it may have.
pub fn is_away(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    let full = matches!(error, sqlx::Error::PoolTimedOut) || code.as_deref() == Some("53300");
    is_connection_error(error) && !full
}

/// Whether an error means that the server or the connection to it is away (or
/// going away), so that the statement may be tried again later.
pub fn is_connection_error(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(db) => db.code().is_some_and(|code| {
            // 08: connection exceptions, 57P01–57P05: shutdown, crash, start-up
            // and idle time-outs, 25P03 and 25P04: those of a transaction whose
            // client was frozen, 53300: too many connections.
            code.starts_with("08")
                || code.starts_with("57P")
                || matches!(&*code, "25P03" | "25P04" | "53300")
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_that_is_used_up_says_nothing_of_its_server() {
        let gone = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert!(is_away(&sqlx::Error::Io(gone)));
        assert!(is_away(&sqlx::Error::WorkerCrashed));
        assert!(is_connection_error(&sqlx::Error::PoolTimedOut));
        assert!(!is_away(&sqlx::Error::PoolTimedOut));
        assert!(!is_away(&sqlx::Error::RowNotFound));
    }
}
