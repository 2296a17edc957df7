//! Steps that are due: taken under a lease, and what became of them.

use infra::clock;
use sqlx::{PgPool, Row as _, postgres::PgRow};
use std::time::Duration;
use uuid::Uuid;

/// How long a taken step is nobody else's: longer than an attempt may take.
const LEASE: Duration = Duration::from_mins(1);

/// A step that was taken.
#[derive(Debug, Clone, Default)]
pub struct TakenStep {
    /// Also its Idempotency-Key.
    pub key: String,
    /// What it is for.
    pub kind: String,
    /// Where it is posted to.
    pub path: String,
    /// What is posted: JSON.
    pub body: String,
    /// The version that the order must still have; none: any.
    pub version: Option<i64>,
    /// Order whose events led to it.
    pub order_id: Uuid,
    /// Event that led to it.
    pub causation_id: Uuid,
    /// Ties together everything that one request led to.
    pub correlation_id: Option<String>,
    /// W3C trace context of the event's command.
    pub traceparent: Option<String>,
    /// Attempts with this one.
    pub attempts: u32,
    /// Who took it.
    pub lease: Uuid,
}

/// When there is something to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Until the next step may be taken; none: there is no step.
    pub next: Option<Duration>,
    /// How long the oldest step has been due, in seconds.
    pub oldest: f64,
}

/// The steps.
#[derive(Debug, Clone)]
pub struct Queue(PgPool);

impl Queue {
    /// Those in the ops database.
    pub const fn new(ops: PgPool) -> Self {
        Self(ops)
    }

    /// Takes at most `limit` steps that are due, the longest due first. What
    /// is not reported on in time is due again.
    pub async fn take(&self, limit: usize) -> Result<Vec<TakenStep>, sqlx::Error> {
        let lease = clock::new_id();
        let rows = sqlx::query(
            "WITH taken AS MATERIALIZED ( \
                 SELECT key FROM process_steps \
                  WHERE refused_code IS NULL AND available_at <= clock_timestamp() \
                  ORDER BY available_at LIMIT $1 FOR UPDATE SKIP LOCKED) \
             UPDATE process_steps s \
                SET lease = $2, attempts = attempts + 1, \
                    available_at = clock_timestamp() + $3 * interval '1 second' \
               FROM taken, process_orders o \
              WHERE s.key = taken.key AND o.order_id = s.order_id \
             RETURNING s.key, s.kind, s.path, s.body, s.order_id, s.causation_id, \
                       s.correlation_id, s.traceparent, s.attempts, \
                       CASE WHEN s.conditional THEN o.version END AS version",
        )
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(lease)
        .bind(LEASE.as_secs_f64())
        .fetch_all(&self.0)
        .await?;
        rows.iter().map(|row| taken(row, lease)).collect()
    }

    /// When there is something to do.
    pub async fn outlook(&self) -> Result<Outlook, sqlx::Error> {
        let row = sqlx::query(
            "SELECT EXTRACT(EPOCH FROM min(available_at) - clock_timestamp())::float8 AS next, \
                    (SELECT EXTRACT(EPOCH FROM clock_timestamp() - min(due_at))::float8 \
                       FROM process_steps WHERE refused_code IS NULL) AS oldest \
               FROM process_steps WHERE refused_code IS NULL",
        )
        .fetch_one(&self.0)
        .await?;
        let next: Option<f64> = row.try_get("next")?;
        let oldest: Option<f64> = row.try_get("oldest")?;
        Ok(Outlook {
            next: next.map(|s| Duration::try_from_secs_f64(s).unwrap_or_default()),
            oldest: oldest.unwrap_or_default().max(0.0),
        })
    }

    /// The step is done. False: it was dropped or taken over meanwhile, as in
    /// what follows.
    pub async fn done(&self, step: &TakenStep) -> Result<bool, sqlx::Error> {
        let done = sqlx::query("DELETE FROM process_steps WHERE key = $1 AND lease = $2")
            .bind(&step.key)
            .bind(step.lease)
            .execute(&self.0)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The step was refused; it stays, for people.
    pub async fn refused(
        &self,
        step: &TakenStep,
        code: &str,
        why: &str,
    ) -> Result<bool, sqlx::Error> {
        let done = sqlx::query(
            "UPDATE process_steps \
                SET refused_code = $3, refused_at = clock_timestamp(), last_error = $4, lease = NULL \
              WHERE key = $1 AND lease = $2",
        )
        .bind(&step.key)
        .bind(step.lease)
        .bind(code)
        .bind(why)
        .execute(&self.0)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The step is to be tried again after a pause.
    pub async fn again(
        &self,
        step: &TakenStep,
        pause: Duration,
        why: &str,
    ) -> Result<bool, sqlx::Error> {
        let done = sqlx::query(
            "UPDATE process_steps \
                SET available_at = clock_timestamp() + $3 * interval '1 second', last_error = $4, \
                    lease = NULL \
              WHERE key = $1 AND lease = $2",
        )
        .bind(&step.key)
        .bind(step.lease)
        .bind(pause.as_secs_f64())
        .bind(why)
        .execute(&self.0)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn taken(row: &PgRow, lease: Uuid) -> Result<TakenStep, sqlx::Error> {
    let attempts: i32 = row.try_get("attempts")?;
    Ok(TakenStep {
        key: row.try_get("key")?,
        kind: row.try_get("kind")?,
        path: row.try_get("path")?,
        body: row.try_get("body")?,
        version: row.try_get("version")?,
        order_id: row.try_get("order_id")?,
        causation_id: row.try_get("causation_id")?,
        correlation_id: row.try_get("correlation_id")?,
        traceparent: row.try_get("traceparent")?,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        lease,
    })
}
