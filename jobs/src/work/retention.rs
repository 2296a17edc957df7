//! Throws jobs away that have come to their end long ago.

use infra::{
    config::Config,
    jobs::{
        Context, Ended, Job, JobError, JobState, Kind, Outcome, Priority, Progress, delete_finished,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use std::{pin::Pin, time::Duration};

/// Jobs in one statement: its locks are short, and so is what it writes.
const BATCH: u64 = 1_000;
/// Days that PostgreSQL's clock can be set back by without reaching its end.
const LONGEST: u32 = 36_500;
const DAY: Duration = Duration::from_hours(24);

/// Throws away what has been kept for long enough.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Retention {}

impl Job for Retention {
    const KIND: Kind = Kind {
        queue: "maintenance",
        priority: Priority::Low,
        max_attempts: 5,
        time_limit: Duration::from_mins(30),
        ..Kind::new("jobs.retention")
    };
}

type Running = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// Keeps jobs as long as the configuration says.
pub fn handler(
    config: &Config,
    ops: &PgPool,
) -> impl Fn(Retention, Context) -> Running + Send + Sync + use<> {
    let days = |days: u64| DAY * u32::try_from(days).unwrap_or(u32::MAX).min(LONGEST);
    let kept = [
        (JobState::Done, days(config.jobs_done_days)),
        (JobState::Cancelled, days(config.jobs_done_days)),
        (JobState::Dead, days(config.jobs_dead_days)),
    ];
    let ops = ops.clone();
    move |_, context| {
        let ops = ops.clone();
        Box::pin(async move { throw_away(&ops, kept, &context).await })
    }
}

async fn throw_away(ops: &PgPool, kept: [(JobState, Duration); 3], context: &Context) -> Ended {
    let stop = context.stop_token();
    let mut deleted = 0;
    for (state, kept) in kept {
        loop {
            if stop.is_cancelled() {
                return Err(JobError::retry("it was told to end"));
            }
            let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
            let batch = delete_finished(ops, state, kept, limit).await?;
            deleted += batch;
            context.progress(Progress {
                done: deleted,
                total: None,
                text: format!("{deleted} thrown away"),
            });
            if batch < BATCH {
                break;
            }
        }
    }
    Ok(Outcome::Done(Some(json!({ "deleted": deleted }))))
}
