//! An export as people see it.

use super::wanted::{ExportCompression, ExportFormat, ExportKind, Filters};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// Where an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportState {
    /// It waits for a worker, or for the pause after a failure.
    Pending,
    /// It is being written.
    Running,
    /// Its file can be downloaded.
    Done,
    /// It failed for good; `problem` says with what.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// Its file was thrown away.
    Expired,
}

impl ExportState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Expired,
    ];

    /// As it is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ExportProgress {
    /// Rows that are written.
    pub rows: i64,
    /// Of about how many, where that can be told.
    pub expected_rows: Option<i64>,
}

/// An export.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Export {
    /// Its id; later exports have greater ones.
    pub id: Uuid,
    /// What is exported.
    pub kind: ExportKind,
    /// As what.
    pub format: ExportFormat,
    /// How the file is packed.
    pub compression: ExportCompression,
    /// Of which rows, as it was asked for; `[erased]` where that named somebody who was
    /// erased.
    #[schema(value_type = Object)]
    pub filters: Filters,
    /// Which fields of documents; empty: all of them.
    pub fields: Vec<String>,
    /// Where it is.
    pub state: ExportState,
    /// Whether it was told to end.
    pub cancel_requested: bool,
    /// How far it is, while it runs.
    pub progress: Option<ExportProgress>,
    /// The code of the problem that it failed with last.
    pub problem: Option<String>,
    /// Rows of the file.
    pub rows: Option<i64>,
    /// Its size.
    pub bytes: Option<i64>,
    /// SHA-256 of it, in hexadecimal digits.
    pub sha256: Option<String>,
    /// Everything of the log up to here is in it: what a stream goes on from.
    pub position: Option<String>,
    /// The moment that it is of.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<OffsetDateTime>,
    /// Id of the key that asked for it.
    pub created_by: String,
    /// When it was asked for.
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
    /// When its file is thrown away.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<OffsetDateTime>,
}
