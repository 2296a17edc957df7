//! What jobs of retention have in common: rows thrown away a batch at a time.

use super::told_to_end;
use infra::jobs::{Context, JobError, Kind, Outcome, Priority, Progress};
use serde_json::json;
use std::time::Duration;

/// Rows in one statement: its locks are short, and so is what it writes.
pub const BATCH: i64 = 1_000;
/// Days that PostgreSQL's clock can be set back by without reaching its end.
const LONGEST: u32 = 36_500;

/// How jobs of retention are treated.
pub const fn kind(name: &'static str) -> Kind {
    Kind {
        queue: "maintenance",
        priority: Priority::Low,
        max_attempts: 5,
        time_limit: Duration::from_mins(30),
        ..Kind::new(name)
    }
}

/// Days of the configuration, as many as the clock has.
pub fn days(days: u64) -> u32 {
    u32::try_from(days).unwrap_or(u32::MAX).min(LONGEST)
}

/// How much a job of retention has thrown away.
pub struct Sweep<'a> {
    context: &'a Context,
    deleted: u64,
}

impl<'a> Sweep<'a> {
    /// Nothing yet.
    pub const fn new(context: &'a Context) -> Self {
        Self {
            context,
            deleted: 0,
        }
    }

    /// Carries a batch out, and counts it; how many rows it was.
    ///
    /// # Errors
    /// It failed, or the job has to end.
    pub async fn batch<E: Into<JobError>>(
        &mut self,
        batch: impl Future<Output = Result<u64, E>>,
    ) -> Result<u64, JobError> {
        if self.context.stop_token().is_cancelled() {
            return Err(told_to_end());
        }
        let deleted = batch.await.map_err(Into::into)?;
        self.deleted += deleted;
        self.context.progress(Progress {
            done: self.deleted,
            total: None,
            text: format!("{} thrown away", self.deleted),
        });
        Ok(deleted)
    }

    /// What is shown of it.
    pub fn done(self) -> Outcome {
        Outcome::Done(Some(json!({ "deleted": self.deleted })))
    }
}
