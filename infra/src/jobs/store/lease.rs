//! Leases: kept by those who run, taken from those who are gone.

use super::with_error;
use sqlx::{PgPool, Row as _};
use std::time::Duration;
use uuid::Uuid;

/// A sign of life of a job.
#[derive(Debug, Clone)]
pub struct Beat {
    pub id: Uuid,
    pub lease: Uuid,
    /// How far it is, as JSON.
    pub progress: Option<String>,
}

impl Beat {
    /// The sign of life alone.
    pub const fn without_progress(&self) -> Self {
        Self {
            id: self.id,
            lease: self.lease,
            progress: None,
        }
    }
}

/// A job whose lease goes on.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    pub id: Uuid,
    /// Whether it is to end all the same.
    pub cancel: bool,
}

/// Prolongs leases; those of the jobs that are not in the answer are lost.
pub async fn heartbeat(
    ops: &PgPool,
    beats: &[Beat],
    lease: Duration,
) -> Result<Vec<Kept>, sqlx::Error> {
    let rows = sqlx::query(
        "WITH held AS MATERIALIZED ( \
             SELECT j.id, b.progress \
               FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS b (id, lease, progress) \
               JOIN jobs j ON j.id = b.id AND j.lease = b.lease AND j.state = 'running' \
              ORDER BY j.id FOR UPDATE OF j) \
         UPDATE jobs j \
            SET lease_until = statement_timestamp() + $4 * interval '1 second', \
                progress = coalesce(held.progress::jsonb, j.progress) \
           FROM held WHERE j.id = held.id \
         RETURNING j.id, j.cancel_requested",
    )
    .bind(beats.iter().map(|beat| beat.id).collect::<Vec<_>>())
    .bind(beats.iter().map(|beat| beat.lease).collect::<Vec<_>>())
    .bind(
        beats
            .iter()
            .map(|beat| beat.progress.as_deref())
            .collect::<Vec<_>>(),
    )
    .bind(lease.as_secs_f64())
    .fetch_all(ops)
    .await?;
    let kept = rows.iter().map(|row| {
        Ok(Kept {
            id: row.try_get("id")?,
            cancel: row.try_get("cancel_requested")?,
        })
    });
    kept.collect()
}

/// Takes jobs from workers that have not been heard of for a lease's time: at
/// most `limit`; their ids, kinds and states from now on. An attempt that took its
/// worker with it counts, so that a job that kills whoever runs it ends.
pub async fn recover(ops: &PgPool, limit: i64) -> Result<Vec<(Uuid, String, String)>, sqlx::Error> {
    let error = "'the worker was not heard of any more: its lease has ended'";
    let sql = format!(
        "WITH lost AS MATERIALIZED ( \
             SELECT id, CASE WHEN cancel_requested THEN 'cancelled' \
                             WHEN attempts >= max_attempts THEN 'dead' \
                             ELSE 'pending' END AS next_state \
               FROM jobs WHERE state = 'running' AND lease_until < statement_timestamp() \
              ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED) \
         UPDATE jobs j \
            SET state = lost.next_state, lease = NULL, lease_until = NULL, \
                announce_at = statement_timestamp(), last_error = {error}, errors = {errors}, \
                finished_at = CASE WHEN lost.next_state = 'pending' THEN NULL \
                                   ELSE statement_timestamp() END \
           FROM lost WHERE j.id = lost.id \
         RETURNING j.id, j.kind, j.state",
        errors = with_error(error),
    );
    sqlx::query_as(&sql).bind(limit).fetch_all(ops).await
}
