//! What became of jobs, many at a time.

use super::with_error;
use crate::{
    failpoint::{self, Failpoint},
    jobs::record::JobState,
};
use sqlx::PgPool;
use std::{cmp::Ordering, collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is done; what is to be shown of it, as JSON.
    Done(Option<String>),
    /// It is to be tried again after a pause.
    Again {
        /// How long.
        pause: Duration,
        /// What went wrong; none: nothing did, and the attempt does not count.
        error: Option<String>,
    },
    /// It failed for good.
    Dead(String),
    /// It was cancelled.
    Cancelled,
}

impl Verdict {
    /// Whether something went wrong.
    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::Dead(_) | Self::Again { error: Some(_), .. })
    }
}

/// What became of a job, said by whoever had taken it.
#[derive(Debug, Clone)]
pub struct Conclusion {
    pub id: Uuid,
    pub lease: Uuid,
    pub verdict: Verdict,
    /// How far it got, as JSON.
    pub progress: Option<String>,
}

/// By job: those of a batch are written in the order in which rows are locked.
impl Ord for Conclusion {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.id, self.lease).cmp(&(other.id, other.lease))
    }
}

impl PartialOrd for Conclusion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Conclusion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Conclusion {}

impl Verdict {
    const fn state(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Again { .. } => "pending",
            Self::Dead(_) => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    const fn pause(&self) -> f64 {
        match self {
            Self::Again { pause, .. } => pause.as_secs_f64(),
            _ => 0.0,
        }
    }

    fn error(&self) -> Option<&str> {
        match self {
            Self::Again { error, .. } => error.as_deref(),
            Self::Dead(error) => Some(error),
            Self::Done(_) | Self::Cancelled => None,
        }
    }

    fn result(&self) -> Option<&str> {
        match self {
            Self::Done(result) => result.as_deref(),
            _ => None,
        }
    }
}

/// Writes conclusions, each on the condition that the job is still held under
/// the lease; where it was, its state by job and lease. One that was to be cancelled is not
/// tried again.
pub async fn conclude(
    ops: &PgPool,
    ended: &[Conclusion],
) -> Result<BTreeMap<(Uuid, Uuid), JobState>, sqlx::Error> {
    let held = if failpoint::is_in(Failpoint::NoLeaseToken, ops) {
        "true"
    } else {
        "j.state = 'running' AND j.lease = e.lease"
    };
    let sql = format!(
        "WITH ended AS MATERIALIZED ( \
             SELECT e.*, CASE WHEN e.state = 'pending' AND j.cancel_requested THEN 'cancelled' \
                              ELSE e.state END AS next_state \
               FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::float8[], $5::text[], \
                           $6::text[], $7::text[]) \
                    AS e (id, lease, state, pause, error, result, progress) \
               JOIN jobs j ON j.id = e.id AND {held} \
              ORDER BY j.id FOR UPDATE OF j) \
         UPDATE jobs j \
            SET state = e.next_state, \
                attempts = j.attempts - (e.state = 'pending' AND e.error IS NULL)::int, \
                run_at = CASE WHEN e.state = 'pending' \
                    THEN statement_timestamp() + e.pause * interval '1 second' ELSE j.run_at END, \
                announce_at = CASE WHEN e.state = 'pending' \
                    THEN statement_timestamp() + e.pause * interval '1 second' \
                    ELSE j.announce_at END, \
                lease = NULL, lease_until = NULL, \
                progress = coalesce(e.progress::jsonb, j.progress), \
                result = e.result::jsonb, \
                last_error = coalesce(e.error, j.last_error), \
                errors = CASE WHEN e.error IS NULL THEN j.errors ELSE {errors} END, \
                finished_at = CASE WHEN e.next_state = 'pending' THEN NULL \
                                   ELSE statement_timestamp() END \
           FROM ended e WHERE j.id = e.id \
         RETURNING j.id, e.lease, j.state",
        errors = with_error("e.error"),
    );
    let rows: Vec<(Uuid, Uuid, String)> = sqlx::query_as(&sql)
        .bind(column(ended, |e| e.id))
        .bind(column(ended, |e| e.lease))
        .bind(column(ended, |e| e.verdict.state()))
        .bind(column(ended, |e| e.verdict.pause()))
        .bind(column(ended, |e| e.verdict.error()))
        .bind(column(ended, |e| e.verdict.result()))
        .bind(column(ended, |e| e.progress.as_deref()))
        .fetch_all(ops)
        .await?;
    let held = rows.into_iter().map(|(id, lease, state)| {
        let unknown = || sqlx::Error::Decode(format!("{state} is no state of a job").into());
        Ok(((id, lease), JobState::named(&state).ok_or_else(unknown)?))
    });
    held.collect()
}

fn column<'a, T>(ended: &'a [Conclusion], of: impl Fn(&'a Conclusion) -> T) -> Vec<T> {
    ended.iter().map(of).collect()
}
