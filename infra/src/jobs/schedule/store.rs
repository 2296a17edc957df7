//! The table `job_schedules`.

use super::{Schedule, ScheduleRecord, Timing};
use crate::{clock, jobs::JobState};
use sqlx::{Error, PgPool, Row as _, postgres::PgRow};
use time::OffsetDateTime;
use uuid::Uuid;

/// A schedule that is due.
pub struct Due {
    pub name: String,
    pub at: OffsetDateTime,
    /// The time by the clock that it is due by.
    pub now: OffsetDateTime,
}

/// Writes down what this release knows of a schedule. Its due time stays, unless it
/// is due at other times now, or was off: what was not to be is not made up for.
pub async fn define(ops: &PgPool, schedule: &Schedule, next: OffsetDateTime) -> Result<(), Error> {
    let (cron, zone, every) = match &schedule.timing {
        Timing::Cron {
            expression, zone, ..
        } => (Some(expression.as_str()), zone.name(), None),
        Timing::Every(span) => {
            let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
            (None, "UTC", Some(seconds))
        }
    };
    let job = &schedule.job;
    sqlx::query(
        "INSERT INTO job_schedules AS old (name, cron, time_zone, every_seconds, queue, kind, \
                                           payload, priority, max_attempts, next_run_at, off) \
         VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10, $11) \
         ON CONFLICT (name) DO UPDATE \
            SET cron = EXCLUDED.cron, time_zone = EXCLUDED.time_zone, \
                every_seconds = EXCLUDED.every_seconds, queue = EXCLUDED.queue, \
                kind = EXCLUDED.kind, payload = EXCLUDED.payload, \
                priority = EXCLUDED.priority, max_attempts = EXCLUDED.max_attempts, \
                off = EXCLUDED.off, \
                next_run_at = CASE \
                    WHEN old.off IS NULL AND \
                         (old.cron, old.time_zone, old.every_seconds) IS NOT DISTINCT FROM \
                         (EXCLUDED.cron, EXCLUDED.time_zone, EXCLUDED.every_seconds) \
                    THEN old.next_run_at ELSE EXCLUDED.next_run_at END",
    )
    .bind(schedule.name)
    .bind(cron)
    .bind(zone)
    .bind(every)
    .bind(job.queue)
    .bind(job.kind)
    .bind(&job.payload)
    .bind(job.priority.as_number())
    .bind(i32::try_from(job.max_attempts).unwrap_or(i32::MAX))
    .bind(next)
    .bind(&schedule.off)
    .execute(ops)
    .await?;
    Ok(())
}

/// Removes schedules that no release has moved for a week: they are in none any
/// more. Those of a newer release are left alone, unless this one has led for
/// so long.
pub async fn forget_unknown(ops: &PgPool, known: &[&str]) -> Result<u64, Error> {
    let done = sqlx::query(
        "DELETE FROM job_schedules \
          WHERE name <> ALL($1) AND NOT paused \
            AND next_run_at < statement_timestamp() - interval '7 days'",
    )
    .bind(known)
    .execute(ops)
    .await?;
    Ok(done.rows_affected())
}

/// Those of `names` that are due.
pub async fn due(ops: &PgPool, names: &[&str]) -> Result<Vec<Due>, Error> {
    let rows = sqlx::query(
        "SELECT name, next_run_at, statement_timestamp() AS now FROM job_schedules \
          WHERE name = ANY($1) AND NOT paused AND off IS NULL \
            AND next_run_at <= statement_timestamp()",
    )
    .bind(names)
    .fetch_all(ops)
    .await?;
    let due = rows.iter().map(|row| {
        Ok(Due {
            name: row.try_get("name")?,
            at: row.try_get("next_run_at")?,
            now: row.try_get("now")?,
        })
    });
    due.collect()
}

/// Enqueues the run that was due at that time, and moves the due time on;
/// false where somebody has done so before, or has paused it.
pub async fn fire(ops: &PgPool, due: &Due, next: OffsetDateTime) -> Result<bool, Error> {
    let sql = format!(
        "WITH moved AS ( \
             UPDATE job_schedules SET next_run_at = $3, last_job = $2, last_due_at = $4 \
              WHERE name = $1 AND next_run_at = $4 AND NOT paused AND off IS NULL \
             RETURNING *) \
         {}",
        inserting("moved", "name || ' ' || EXTRACT(EPOCH FROM last_due_at)")
    );
    let done = sqlx::query(&sql)
        .bind(&due.name)
        .bind(clock::new_id())
        .bind(next)
        .bind(due.at)
        .execute(ops)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Enqueues a run now, whatever time it is, paused or not; its id. None where
/// there is no such schedule, or where a run that a person asked for is under
/// way.
pub async fn run_schedule(ops: &PgPool, name: &str) -> Result<Option<Uuid>, Error> {
    let sql = format!(
        "WITH job AS ({} RETURNING id) \
         UPDATE job_schedules SET last_job = job.id, last_due_at = NULL FROM job WHERE name = $1",
        inserting("job_schedules WHERE name = $1", "name")
    );
    let id = clock::new_id();
    let done = sqlx::query(&sql).bind(name).bind(id).execute(ops).await?;
    Ok((done.rows_affected() == 1).then_some(id))
}

/// The statement that enqueues the job `$2` of a schedule.
fn inserting(from: &str, unique_key: &str) -> String {
    format!(
        "INSERT INTO jobs (id, queue, kind, payload, priority, max_attempts, run_at, announce_at, \
                           unique_key) \
         SELECT $2::uuid, queue, kind, payload, priority, max_attempts, statement_timestamp(), \
                statement_timestamp(), {unique_key} FROM {from} \
         ON CONFLICT (kind, unique_key) \
            WHERE unique_key IS NOT NULL AND state IN ('pending', 'running') DO NOTHING"
    )
}

/// Whether it enqueues nothing from now on; resumed, it enqueues one run at
/// once where a due time was missed. False where there is none.
pub async fn set_schedule_paused(ops: &PgPool, name: &str, paused: bool) -> Result<bool, Error> {
    let done = sqlx::query("UPDATE job_schedules SET paused = $2 WHERE name = $1")
        .bind(name)
        .bind(paused)
        .execute(ops)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// When the last run of each schedule was done, in seconds since 1970; of those whose
/// last run is.
pub async fn succeeded(ops: &PgPool) -> Result<Vec<(String, f64)>, Error> {
    sqlx::query_as(
        "SELECT s.name, EXTRACT(EPOCH FROM j.finished_at)::float8 \
           FROM job_schedules s JOIN jobs j ON j.id = s.last_job \
          WHERE j.state = 'done' AND j.finished_at IS NOT NULL",
    )
    .fetch_all(ops)
    .await
}

const RECORDS: &str = "SELECT s.name, s.cron, s.time_zone, s.every_seconds, s.kind, s.paused, \
        s.off, s.next_run_at, s.last_job, s.last_due_at, j.state AS last_state, \
        j.finished_at AS last_finished_at, j.last_error \
   FROM job_schedules s LEFT JOIN jobs j ON j.id = s.last_job ";

/// All schedules, by name.
pub async fn list_schedules(ops: &PgPool) -> Result<Vec<ScheduleRecord>, Error> {
    let sql = format!("{RECORDS} ORDER BY s.name");
    let rows = sqlx::query(&sql).fetch_all(ops).await?;
    rows.iter().map(record).collect()
}

/// One schedule.
pub async fn find_schedule(ops: &PgPool, name: &str) -> Result<Option<ScheduleRecord>, Error> {
    let sql = format!("{RECORDS} WHERE s.name = $1");
    let row = sqlx::query(&sql).bind(name).fetch_optional(ops).await?;
    row.as_ref().map(record).transpose()
}

fn record(row: &PgRow) -> Result<ScheduleRecord, Error> {
    let state: Option<String> = row.try_get("last_state")?;
    Ok(ScheduleRecord {
        name: row.try_get("name")?,
        cron: row.try_get("cron")?,
        time_zone: row.try_get("time_zone")?,
        every_seconds: row.try_get("every_seconds")?,
        kind: row.try_get("kind")?,
        paused: row.try_get("paused")?,
        off: row.try_get("off")?,
        next_run_at: row.try_get("next_run_at")?,
        last_job: row.try_get("last_job")?,
        last_due_at: row.try_get("last_due_at")?,
        last_state: state.and_then(|name| JobState::named(&name)),
        last_finished_at: row.try_get("last_finished_at")?,
        last_error: row.try_get("last_error")?,
    })
}
