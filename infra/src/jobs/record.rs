//! A job as people see it.

use super::kind::Priority;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It waits: for its time, for the pause after a failure, or for a worker.
    Pending,
    /// A worker has it.
    Running,
    /// It is done.
    Done,
    /// It failed for good; `retry` gives it a new chance.
    Dead,
    /// Somebody cancelled it.
    Cancelled,
}

impl JobState {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Running,
        Self::Done,
        Self::Dead,
        Self::Cancelled,
    ];

    /// Whether a job has come to its end, so that `finished_at` is set.
    pub(super) const fn is_end(self) -> bool {
        matches!(self, Self::Done | Self::Dead | Self::Cancelled)
    }

    /// As it is stored and told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A job of the ledger.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JobRecord {
    /// Its id; later jobs have greater ones.
    pub id: Uuid,
    /// Where it waits.
    pub queue: String,
    /// What it does.
    pub kind: String,
    /// What with.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// What comes first in its queue.
    pub priority: Priority,
    /// Where it is.
    pub state: JobState,
    /// When it is or was due.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub run_at: OffsetDateTime,
    /// Attempts so far.
    pub attempts: i32,
    /// Attempts after which it is dead.
    pub max_attempts: i32,
    /// At most one job of its kind with this key is pending or running.
    pub unique_key: Option<String>,
    /// Who has it, or had it last.
    pub worker: Option<String>,
    /// Until when it is that worker's, unless it is heard of again.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub lease_until: Option<OffsetDateTime>,
    /// Whether it was told to end.
    pub cancel_requested: bool,
    /// How far it is: `done`, `total`, `text`.
    #[schema(value_type = Option<Object>)]
    pub progress: Option<Value>,
    /// What is to be shown of what it did.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// The last ten failures: `attempt`, `at`, `worker`, `error`.
    #[schema(value_type = Vec<Object>)]
    pub errors: Value,
    /// W3C trace context of what led to it.
    pub traceparent: Option<String>,
    /// Ties together everything that one request led to.
    pub correlation_id: Option<String>,
    /// When it was enqueued.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: OffsetDateTime,
    /// When its last attempt began.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<OffsetDateTime>,
    /// When it came to its end.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<OffsetDateTime>,
}
