//! The statements of a doctor. All of them only read.

use serde::Serialize;
use sqlx::{PgConnection, Row as _};
use std::fmt;

/// An open transaction.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Session {
    /// Process id of its backend.
    pub pid: i32,
    /// Where it works.
    pub database: String,
    /// Whose it is.
    pub user: String,
    /// What it calls itself.
    pub application: String,
    /// As PostgreSQL tells it: `active`, `idle in transaction`.
    pub state: String,
    /// Whether it has a transaction id, and so holds the horizon.
    pub wrote: bool,
    /// For how long it has been open.
    pub open_seconds: f64,
    /// Its last statement, as far as it fits a line.
    pub query: String,
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pid,
            database,
            user,
            application,
            state,
            open_seconds,
            query,
            ..
        } = self;
        write!(
            f,
            "a transaction that is open for {open_seconds:.1} s ({state}, pid {pid}, {application} \
             of {user} in {database}: {query})"
        )
    }
}

/// A prepared transaction; fields as in [`Session`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prepared {
    pub gid: String,
    pub database: String,
    pub open_seconds: f64,
}

/// A replication slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// Whether somebody reads from it.
    pub active: bool,
    /// Write-ahead log that is kept for it.
    pub retained_bytes: i64,
}

/// `idle_in_transaction_session_timeout`, as PostgreSQL shows it; `0`: none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimeOuts {
    /// Of a session that our pools open.
    pub ours: String,
    /// Of one that says nothing about it.
    pub others: String,
}

/// The server's version, for people and as a number.
pub async fn version(connection: &mut PgConnection) -> Result<(String, i32), sqlx::Error> {
    let row = sqlx::query(
        "SELECT current_setting('server_version') AS version, \
                current_setting('server_version_num')::integer AS number",
    )
    .fetch_one(connection)
    .await?;
    Ok((row.try_get("version")?, row.try_get("number")?))
}

/// The horizon, and how many events wait behind it, up to 10,000.
pub async fn horizon(log: &mut PgConnection) -> Result<(u64, i64), sqlx::Error> {
    let row = sqlx::query(
        "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon, \
                (SELECT count(*) FROM (SELECT FROM events \
                  WHERE (epoch, transaction_id, position) \
                      > ((SELECT epoch FROM log_epochs ORDER BY epoch DESC LIMIT 1), \
                         pg_snapshot_xmin(pg_current_snapshot()), -9223372036854775808) \
                  LIMIT 10000) beyond) AS waiting",
    )
    .fetch_one(log)
    .await?;
    let horizon: i64 = row.try_get("horizon")?;
    Ok((horizon.cast_unsigned(), row.try_get("waiting")?))
}

/// The open transactions of the whole cluster but our own, the oldest first.
pub async fn transactions(log: &mut PgConnection) -> Result<Vec<Session>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT pid, coalesce(datname::text, '') AS database, coalesce(usename::text, '') AS \"user\", \
                coalesce(nullif(application_name, ''), 'a session without a name') AS application, \
                coalesce(state, '') AS state, backend_xid IS NOT NULL AS wrote, \
                coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0)::float8 \
                    AS open_seconds, \
                left(regexp_replace(coalesce(query, ''), '\\s+', ' ', 'g'), 80) AS query \
           FROM pg_stat_activity \
          WHERE pid <> pg_backend_pid() AND (backend_xid IS NOT NULL OR backend_xmin IS NOT NULL) \
          ORDER BY xact_start",
    )
    .fetch_all(log)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Session {
                pid: row.try_get("pid")?,
                database: row.try_get("database")?,
                user: row.try_get("user")?,
                application: row.try_get("application")?,
                state: row.try_get("state")?,
                wrote: row.try_get("wrote")?,
                open_seconds: row.try_get("open_seconds")?,
                query: row.try_get("query")?,
            })
        })
        .collect()
}

/// The prepared transactions of the whole cluster.
pub async fn prepared(log: &mut PgConnection) -> Result<Vec<Prepared>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT gid, database::text AS database, \
                extract(epoch FROM clock_timestamp() - prepared)::float8 AS open_seconds \
           FROM pg_prepared_xacts ORDER BY prepared",
    )
    .fetch_all(log)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Prepared {
                gid: row.try_get("gid")?,
                database: row.try_get("database")?,
                open_seconds: row.try_get("open_seconds")?,
            })
        })
        .collect()
}

/// The other databases of the cluster that hold sessions, or rows that somebody
/// has written since the statistics began.
pub async fn other_databases(log: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT d.datname::text FROM pg_database d \
           LEFT JOIN pg_stat_database s ON s.datid = d.oid \
          WHERE NOT d.datistemplate AND d.datname NOT IN (current_database(), 'postgres') \
            AND (coalesce(s.numbackends, 0) > 0 \
                 OR coalesce(s.tup_inserted + s.tup_updated + s.tup_deleted, 0) > 0) \
          ORDER BY 1",
    )
    .fetch_all(log)
    .await
}

/// The replication slots and what is kept for them.
pub async fn slots(log: &mut PgConnection) -> Result<Vec<Slot>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT slot_name::text AS name, active, \
                coalesce(pg_wal_lsn_diff( \
                    CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
                         ELSE pg_current_wal_lsn() END, restart_lsn), 0)::bigint AS retained_bytes \
           FROM pg_replication_slots ORDER BY slot_name",
    )
    .fetch_all(log)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Slot {
                name: row.try_get("name")?,
                active: row.try_get("active")?,
                retained_bytes: row.try_get("retained_bytes")?,
            })
        })
        .collect()
}

/// `idle_in_transaction_session_timeout` of this session.
pub async fn idle_time_out(session: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("SELECT current_setting('idle_in_transaction_session_timeout')")
        .fetch_one(session)
        .await
}

/// The process that serves the session, asked by a statement that is prepared once.
pub async fn backend(session: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(session)
        .await
}

/// Which cluster this is, and which database in it.
pub async fn place(session: &mut PgConnection) -> Result<(String, i64), sqlx::Error> {
    sqlx::query_as(
        "SELECT (SELECT system_identifier::text FROM pg_control_system()), \
             (SELECT oid::bigint FROM pg_database WHERE datname = current_database())",
    )
    .fetch_one(session)
    .await
}

/// Those of these settings that are 0.
pub async fn unset(
    session: &mut PgConnection,
    settings: &[&str],
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT name FROM pg_settings WHERE name = ANY($1) AND setting = '0' ORDER BY 1",
    )
    .bind(settings)
    .fetch_all(session)
    .await
}

/// Whether `pg_stat_activity` tells us about other users' sessions.
pub async fn sees_everybody(log: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') \
             OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)",
    )
    .fetch_one(log)
    .await
}

/// A server as far as it matters to one that reads from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// The cluster that it is, or is a copy of.
    pub cluster: String,
    /// Whether it follows another one.
    pub follows: bool,
    /// Whether somebody has told it to stand still.
    pub paused: bool,
}

pub async fn replica(connection: &mut PgConnection) -> Result<Replica, sqlx::Error> {
    let row = sqlx::query(
        "SELECT (SELECT system_identifier::text FROM pg_control_system()) AS cluster, \
                pg_is_in_recovery() AS follows, \
                CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END AS paused",
    )
    .fetch_one(connection)
    .await?;
    Ok(Replica {
        cluster: row.try_get("cluster")?,
        follows: row.try_get("follows")?,
        paused: row.try_get("paused")?,
    })
}
