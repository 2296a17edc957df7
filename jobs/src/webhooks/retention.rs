//! Throws away what was told long ago.

use infra::{
    config::Config,
    jobs::{Context, Ended, Job, JobError, Kind, Outcome, Priority, Progress},
    webhooks::throw_away,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use std::{pin::Pin, time::Duration};

/// Rows in one statement: its locks are short, and so is what it writes.
const BATCH: i64 = 1_000;
/// Days that PostgreSQL's clock can be set back by without reaching its end.
const LONGEST: u32 = 36_500;

/// Throws away what has been kept for long enough.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Retention {}

impl Job for Retention {
    const KIND: Kind = Kind {
        queue: "maintenance",
        priority: Priority::Low,
        max_attempts: 5,
        time_limit: Duration::from_mins(30),
        ..Kind::new("webhooks.retention")
    };
}

type Running = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// Keeps messages as long as the configuration says.
pub fn handler(
    config: &Config,
    ops: &PgPool,
) -> impl Fn(Retention, Context) -> Running + Send + Sync + use<> {
    let days = u32::try_from(config.webhook_days).unwrap_or(u32::MAX);
    let (days, ops) = (f64::from(days.min(LONGEST)), ops.clone());
    move |_, context| {
        let ops = ops.clone();
        Box::pin(async move {
            let (stop, mut deleted) = (context.stop_token(), 0);
            loop {
                if stop.is_cancelled() {
                    return Err(JobError::retry("it was told to end"));
                }
                let batch = throw_away(&ops, days, BATCH).await?;
                deleted += batch;
                context.progress(Progress {
                    done: deleted,
                    total: None,
                    text: format!("{deleted} thrown away"),
                });
                if batch == 0 {
                    return Ok(Outcome::Done(Some(json!({ "deleted": deleted }))));
                }
            }
        })
    }
}
