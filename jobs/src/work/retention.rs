//! Throws jobs away that have come to their end long ago.

use super::{
    Running,
    sweep::{self, BATCH, Sweep},
};
use infra::{
    config::Config,
    jobs::{Context, Ended, Job, JobState, Kind, delete_finished},
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// Throws away what has been kept for long enough.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Retention {}

impl Job for Retention {
    const KIND: Kind = sweep::kind("jobs.retention");
}

/// Keeps jobs as long as the configuration says.
pub fn handler(
    config: &Config,
    ops: &PgPool,
) -> impl Fn(Retention, Context) -> Running + Send + Sync + use<> {
    let days = |days| DAY * sweep::days(days);
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
    let mut sweep = Sweep::new(context);
    for (state, kept) in kept {
        // A batch that is not full was the last.
        while sweep
            .batch(delete_finished(ops, state, kept, BATCH))
            .await?
            >= BATCH.cast_unsigned()
        {}
    }
    Ok(sweep.done())
}
