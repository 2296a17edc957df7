//! New rows.

use super::ANNOUNCED_FOR;
use crate::jobs::NewJob;
use sqlx::PgConnection;
use uuid::Uuid;

/// Writes jobs; the ids of those that are new. Rows are written in the order
/// of their unique keys, so that two transactions wait for each other one way
/// round only.
pub async fn insert(
    connection: &mut PgConnection,
    jobs: &[NewJob],
) -> Result<Vec<Uuid>, sqlx::Error> {
    fn column<'a, T>(jobs: &'a [NewJob], of: impl Fn(&'a NewJob) -> T) -> Vec<T> {
        jobs.iter().map(of).collect()
    }
    sqlx::query_scalar(
        "INSERT INTO jobs (id, queue, kind, payload, priority, max_attempts, run_at, announce_at, \
                           unique_key, traceparent, correlation_id) \
         SELECT id, queue, kind, payload::jsonb, priority, max_attempts, \
                coalesce(run_at, statement_timestamp()), \
                coalesce(run_at, statement_timestamp() + $11 * interval '1 second'), \
                unique_key, traceparent, correlation_id \
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::int[], \
                       $7::timestamptz[], $8::text[], $9::text[], $10::text[]) \
                WITH ORDINALITY AS new (id, queue, kind, payload, priority, max_attempts, run_at, \
                                        unique_key, traceparent, correlation_id, nth) \
          ORDER BY kind, unique_key, nth \
         ON CONFLICT (kind, unique_key) \
            WHERE unique_key IS NOT NULL AND state IN ('pending', 'running') DO NOTHING \
         RETURNING id",
    )
    .bind(column(jobs, |job| job.id))
    .bind(column(jobs, |job| job.queue))
    .bind(column(jobs, |job| job.kind))
    .bind(column(jobs, |job| job.payload.as_str()))
    .bind(column(jobs, |job| job.priority.as_number()))
    .bind(column(jobs, |job| {
        i32::try_from(job.max_attempts).unwrap_or(i32::MAX)
    }))
    .bind(column(jobs, |job| job.run_at))
    .bind(column(jobs, |job| job.unique_key.as_deref()))
    .bind(column(jobs, |job| job.traceparent.as_deref()))
    .bind(column(jobs, |job| job.correlation_id.as_deref()))
    .bind(ANNOUNCED_FOR.as_secs_f64())
    .fetch_all(connection)
    .await
}
