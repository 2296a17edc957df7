//! A schedule as people see it.

use crate::jobs::JobState;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// A schedule, and what came of its last run.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScheduleRecord {
    /// Its name.
    #[schema(example = "jobs-retention")]
    pub name: String,
    /// When it is due: a cron expression, read in `time_zone`.
    #[schema(example = "17 3 * * *")]
    pub cron: Option<String>,
    /// Of the IANA database.
    #[schema(example = "UTC")]
    pub time_zone: String,
    /// Or else after so many seconds again.
    pub every_seconds: Option<i64>,
    /// What is enqueued then.
    pub kind: String,
    /// Whether it enqueues nothing for the time being.
    pub paused: bool,
    /// Why it enqueues nothing as workers are configured; null: it does.
    #[schema(example = "archive_after_days is 0")]
    pub off: Option<String>,
    /// When it is due next; in the past, where it is paused or off.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub next_run_at: OffsetDateTime,
    /// The job that was enqueued last.
    pub last_job: Option<Uuid>,
    /// When that was due; null where a person asked for it.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_due_at: Option<OffsetDateTime>,
    /// What became of it; null once it is not kept any more.
    pub last_state: Option<JobState>,
    /// When it came to its end.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_finished_at: Option<OffsetDateTime>,
    /// What went wrong with it last.
    pub last_error: Option<String>,
}
