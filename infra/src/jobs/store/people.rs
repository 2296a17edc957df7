//! What people look at, and what they set going.

use crate::jobs::{
    kind::Priority,
    record::{JobRecord, JobState},
};
use sqlx::{Error, PgPool, Row as _, error::DatabaseError, postgres::PgRow};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

const COLUMNS: &str = "id, queue, kind, payload, priority, state, run_at, attempts, max_attempts, \
    unique_key, worker, lease_until, cancel_requested, progress, result, last_error, errors, \
    traceparent, correlation_id, created_at, started_at, finished_at";

/// Jobs that are retried in one statement: its locks are short.
const PAGE: i64 = 5_000;

/// Which jobs; each that is none leaves all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Where they are.
    pub state: Option<JobState>,
    /// Where they wait.
    pub queue: Option<String>,
    /// What they do.
    pub kind: Option<String>,
    /// Only those that were enqueued before this one.
    pub before: Option<Uuid>,
}

/// Jobs, the newest first. The state is part of the statement, as the indexes
/// have it, so that the few in one of them are found by its own.
pub async fn list(ops: &PgPool, filter: &Filter, limit: i64) -> Result<Vec<JobRecord>, Error> {
    let state = match filter.state {
        Some(state) if state.is_end() => {
            format!("state = '{}' AND finished_at IS NOT NULL", state.name())
        }
        Some(state) => format!("state = '{}'", state.name()),
        None => "true".to_owned(),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM jobs \
          WHERE {state} AND ($1::text IS NULL OR queue = $1) AND ($2::text IS NULL OR kind = $2) \
            AND ($3::uuid IS NULL OR id < $3) \
          ORDER BY id DESC LIMIT $4"
    );
    let rows = sqlx::query(&sql)
        .bind(&filter.queue)
        .bind(&filter.kind)
        .bind(filter.before)
        .bind(limit)
        .fetch_all(ops)
        .await?;
    rows.iter().map(record).collect()
}

/// One job.
pub async fn find(ops: &PgPool, id: Uuid) -> Result<Option<JobRecord>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = $1");
    let row = sqlx::query(&sql).bind(id).fetch_optional(ops).await?;
    row.as_ref().map(record).transpose()
}

/// Cancels a job: one that waits at once, one that runs by telling it so. None
/// where there is no such job that is pending or running.
pub async fn cancel(ops: &PgPool, id: Uuid) -> Result<Option<JobRecord>, Error> {
    let sql = format!(
        "UPDATE jobs \
            SET cancel_requested = true, \
                state = CASE state WHEN 'pending' THEN 'cancelled' ELSE state END, \
                finished_at = CASE state WHEN 'pending' THEN statement_timestamp() END \
          WHERE id = $1 AND state IN ('pending', 'running') \
         RETURNING {COLUMNS}"
    );
    let row = sqlx::query(&sql).bind(id).fetch_optional(ops).await?;
    row.as_ref().map(record).transpose()
}

/// Which jobs are to be tried again.
#[derive(Debug, Clone, Copy)]
enum Retried<'a> {
    /// This one, dead or cancelled.
    One(Uuid),
    /// Of those that were dead before this moment those of the filter's queue
    /// and kind, a page of them.
    Dead(&'a Filter, OffsetDateTime),
}

/// Gives a job that is dead or cancelled a new chance. Attempts are counted
/// anew, what went wrong stays written. None where it is in another state, or
/// another one has its unique key by now.
pub async fn retry(ops: &PgPool, id: Uuid) -> Result<Option<JobRecord>, Error> {
    match revive(ops, Retried::One(id)).await {
        Ok(retried) => Ok(retried.into_iter().next()),
        // The other one was enqueued at this moment.
        Err(error) if is_taken_key(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The same for all dead jobs of the filter's queue and kind; how many. Those
/// that are dead once more meanwhile stay so.
pub async fn retry_dead(ops: &PgPool, filter: &Filter) -> Result<usize, Error> {
    let now = super::now(ops).await?;
    let mut count = 0;
    loop {
        match revive(ops, Retried::Dead(filter, now)).await {
            Ok(retried) if retried.is_empty() => return Ok(count),
            Ok(retried) => count += retried.len(),
            // Seen by the next statement.
            Err(error) if is_taken_key(&error) || is_deadlock(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_taken_key(error: &Error) -> bool {
    let database = error.as_database_error();
    database.is_some_and(DatabaseError::is_unique_violation)
}

/// Enqueuers lock keys in another order.
fn is_deadlock(error: &Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| code == "40P01")
}

async fn revive(ops: &PgPool, which: Retried<'_>) -> Result<Vec<JobRecord>, Error> {
    let none = Filter::default();
    let (states, id, filter, before): (&[&str], _, _, _) = match which {
        Retried::One(id) => (&["dead", "cancelled"], Some(id), &none, None),
        Retried::Dead(filter, before) => (&["dead"], None, filter, Some(before)),
    };
    let rows = sqlx::query(
        "WITH those AS MATERIALIZED ( \
             SELECT id, unique_key IS NULL OR \
                    row_number() OVER (PARTITION BY kind, unique_key ORDER BY id DESC) = 1 AS first \
               FROM jobs old \
              WHERE state = ANY($1) AND finished_at IS NOT NULL \
                AND ($2::uuid IS NULL OR id = $2) AND ($6::timestamptz IS NULL OR finished_at < $6) \
                AND ($3::text IS NULL OR queue = $3) AND ($4::text IS NULL OR kind = $4) \
                AND NOT EXISTS ( \
                    SELECT FROM jobs live \
                     WHERE live.kind = old.kind AND live.unique_key = old.unique_key \
                       AND live.unique_key IS NOT NULL AND live.state IN ('pending', 'running'))), \
         locked AS MATERIALIZED ( \
             SELECT id FROM jobs \
              WHERE id IN (SELECT id FROM those WHERE first) AND state = ANY($1) \
                AND ($6 IS NULL OR finished_at < $6) \
              ORDER BY id LIMIT $5 FOR UPDATE) \
         UPDATE jobs j \
            SET state = 'pending', attempts = 0, cancel_requested = false, finished_at = NULL, \
                run_at = statement_timestamp(), announce_at = statement_timestamp() \
           FROM locked WHERE j.id = locked.id \
         RETURNING j.*",
    )
    .bind(states)
    .bind(id)
    .bind(&filter.queue)
    .bind(&filter.kind)
    .bind(PAGE)
    .bind(before)
    .fetch_all(ops)
    .await?;
    rows.iter().map(record).collect()
}

/// Throws away at most `limit` jobs that came to this end longer ago than
/// `kept`; how many.
pub async fn delete_finished(
    ops: &PgPool,
    state: JobState,
    kept: Duration,
    limit: i64,
) -> Result<u64, Error> {
    let done = sqlx::query(
        "WITH old AS MATERIALIZED ( \
             SELECT id FROM jobs \
              WHERE state = $1 AND finished_at < statement_timestamp() - $2 * interval '1 second' \
              ORDER BY finished_at LIMIT $3 FOR UPDATE SKIP LOCKED) \
         DELETE FROM jobs WHERE id IN (SELECT id FROM old)",
    )
    .bind(state.name())
    .bind(kept.as_secs_f64())
    .bind(limit)
    .execute(ops)
    .await?;
    Ok(done.rows_affected())
}

fn record(row: &PgRow) -> Result<JobRecord, Error> {
    let state: String = row.try_get("state")?;
    let unknown = || Error::Decode(format!("{state} is no state of a job").into());
    Ok(JobRecord {
        id: row.try_get("id")?,
        queue: row.try_get("queue")?,
        kind: row.try_get("kind")?,
        payload: row.try_get("payload")?,
        priority: Priority::from_number(row.try_get("priority")?),
        state: JobState::named(&state).ok_or_else(unknown)?,
        run_at: row.try_get("run_at")?,
        attempts: row.try_get("attempts")?,
        max_attempts: row.try_get("max_attempts")?,
        unique_key: row.try_get("unique_key")?,
        worker: row.try_get("worker")?,
        lease_until: row.try_get("lease_until")?,
        cancel_requested: row.try_get("cancel_requested")?,
        progress: row.try_get("progress")?,
        result: row.try_get("result")?,
        last_error: row.try_get("last_error")?,
        errors: row.try_get("errors")?,
        traceparent: row.try_get("traceparent")?,
        correlation_id: row.try_get("correlation_id")?,
        created_at: row.try_get("created_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}
