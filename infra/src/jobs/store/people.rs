//! What people look at, and what they set going.

use crate::jobs::{
    kind::Priority,
    record::{JobRecord, JobState},
};
use sqlx::{Error, PgConnection, PgPool, Row as _, postgres::PgRow};
use std::time::Duration;
use uuid::Uuid;

const COLUMNS: &str = "id, queue, kind, payload, priority, state, run_at, attempts, max_attempts, \
    unique_key, worker, lease_until, cancel_requested, progress, result, last_error, errors, \
    traceparent, correlation_id, created_at, started_at, finished_at";

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

/// Jobs, the newest first. The state is part of the statement, so that the few
/// in one of them are found by its index.
pub async fn list(ops: &PgPool, filter: &Filter, limit: i64) -> Result<Vec<JobRecord>, Error> {
    let state = match filter.state {
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
pub enum Retried<'a> {
    /// This one, dead or cancelled.
    One(Uuid),
    /// Of all that are dead those of the filter's queue and kind, at most so
    /// many.
    Dead(&'a Filter, i64),
}

/// Gives jobs a new chance; those that have got one. Attempts are counted
/// anew, what went wrong stays written. A job whose unique key another one has
/// by now is left as it is.
pub async fn retry(
    connection: &mut PgConnection,
    which: Retried<'_>,
) -> Result<Vec<JobRecord>, Error> {
    let none = Filter::default();
    let (states, id, filter, limit): (&[&str], _, _, _) = match which {
        Retried::One(id) => (&["dead", "cancelled"], Some(id), &none, 1),
        Retried::Dead(filter, limit) => (&["dead"], None, filter, limit),
    };
    let rows = sqlx::query(
        "WITH those AS MATERIALIZED ( \
             SELECT id, unique_key IS NULL OR \
                    row_number() OVER (PARTITION BY kind, unique_key ORDER BY id DESC) = 1 AS first \
               FROM jobs old \
              WHERE state = ANY($1) AND ($2::uuid IS NULL OR id = $2) \
                AND ($3::text IS NULL OR queue = $3) AND ($4::text IS NULL OR kind = $4) \
                AND NOT EXISTS ( \
                    SELECT FROM jobs live \
                     WHERE live.kind = old.kind AND live.unique_key = old.unique_key \
                       AND live.unique_key IS NOT NULL AND live.state IN ('pending', 'running'))), \
         locked AS MATERIALIZED ( \
             SELECT id FROM jobs \
              WHERE id IN (SELECT id FROM those WHERE first) AND state = ANY($1) \
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
    .bind(limit)
    .fetch_all(connection)
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
