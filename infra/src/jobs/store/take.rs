//! Taking jobs under a lease.

use crate::{
    clock,
    failpoint::{self, Failpoint},
    jobs::kind::Priority,
};
use serde_json::Value;
use sqlx::{PgPool, Row as _, postgres::PgRow};
use std::time::Duration;
use uuid::Uuid;

/// Who takes jobs, and which.
#[derive(Debug, Clone)]
pub struct Taker {
    /// Name of the process.
    pub worker: String,
    /// Where from.
    pub queue: String,
    /// Kinds that it can carry out; others are left to newer releases.
    pub kinds: Vec<String>,
    /// How long what it takes is nobody else's, unless it says so again.
    pub lease: Duration,
}

/// A job that was taken.
#[derive(Debug, Clone)]
pub struct TakenJob {
    pub id: Uuid,
    pub kind: String,
    pub payload: Value,
    /// Attempts with this one.
    pub attempts: u32,
    pub max_attempts: u32,
    pub progress: Option<Value>,
    pub traceparent: Option<String>,
    pub correlation_id: Option<String>,
    /// How long it was due before, in seconds.
    pub waited: f64,
    /// The right to say what became of it.
    pub lease: Uuid,
}

/// Of the jobs with these ids, takes those that nobody has taken before and
/// that are due. So an announcement that comes twice has one effect.
pub async fn take(ops: &PgPool, taker: &Taker, ids: &[Uuid]) -> Result<Vec<TakenJob>, sqlx::Error> {
    let pending = if failpoint::is_in(Failpoint::NoPendingGuard, ops) {
        "true"
    } else {
        "state = 'pending'"
    };
    let free = format!(
        "SELECT id FROM jobs \
          WHERE id = ANY($4) AND {pending} AND run_at <= statement_timestamp() \
            AND kind = ANY($5) \
          ORDER BY id FOR UPDATE"
    );
    let sql = taking(&free);
    let rows = bound(&sql, taker)
        .bind(ids)
        .bind(&taker.kinds)
        .fetch_all(ops)
        .await?;
    taken(&rows)
}

/// Takes at most `limit` jobs of a queue that are due, announced or not: of
/// the `classes` in this order, the longest due first.
pub async fn take_due(
    ops: &PgPool,
    taker: &Taker,
    classes: &[Priority],
    limit: usize,
) -> Result<Vec<TakenJob>, sqlx::Error> {
    let sql = taking(
        "SELECT due.id FROM unnest($4::smallint[]) AS class (priority) \
          CROSS JOIN LATERAL ( \
              SELECT id FROM jobs \
               WHERE state = 'pending' AND queue = $6 AND priority = class.priority \
                 AND run_at <= statement_timestamp() AND kind = ANY($5) \
               ORDER BY run_at LIMIT $7 FOR UPDATE SKIP LOCKED) AS due \
          LIMIT $7",
    );
    let classes: Vec<i16> = classes.iter().map(|class| class.as_number()).collect();
    let rows = bound(&sql, taker)
        .bind(classes)
        .bind(&taker.kinds)
        .bind(&taker.queue)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(ops)
        .await?;
    taken(&rows)
}

/// The statement that takes what the query `free` locks.
fn taking(free: &str) -> String {
    format!(
        "WITH free AS MATERIALIZED ({free}) \
         UPDATE jobs j \
            SET state = 'running', attempts = attempts + 1, lease = $1, worker = $2, \
                lease_until = statement_timestamp() + $3 * interval '1 second', \
                started_at = statement_timestamp() \
           FROM free WHERE j.id = free.id \
         RETURNING j.id, kind, payload, attempts, max_attempts, progress, traceparent, \
                   correlation_id, lease, \
                   EXTRACT(EPOCH FROM statement_timestamp() - run_at)::float8 AS waited"
    )
}

type Statement<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn bound<'q>(sql: &'q str, taker: &'q Taker) -> Statement<'q> {
    sqlx::query(sql)
        .bind(clock::new_id())
        .bind(&taker.worker)
        .bind(taker.lease.as_secs_f64())
}

fn taken(rows: &[PgRow]) -> Result<Vec<TakenJob>, sqlx::Error> {
    rows.iter().map(job).collect()
}

fn job(row: &PgRow) -> Result<TakenJob, sqlx::Error> {
    let number = |column| -> Result<u32, sqlx::Error> {
        let number: i32 = row.try_get(column)?;
        Ok(u32::try_from(number).unwrap_or_default())
    };
    Ok(TakenJob {
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        payload: row.try_get("payload")?,
        attempts: number("attempts")?,
        max_attempts: number("max_attempts")?,
        progress: row.try_get("progress")?,
        traceparent: row.try_get("traceparent")?,
        correlation_id: row.try_get("correlation_id")?,
        waited: row.try_get("waited")?,
        lease: row.try_get("lease")?,
    })
}
