//! Why an export has no end.

use super::Longest;
use crate::{live::FeedError, log::unread};
use infra::http::Problem;
use std::io;

/// Why an export was cut off.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The views do not answer.
    #[error("the views do not answer")]
    Database(#[from] sqlx::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] FeedError),
    /// A value of a row is not what its column says.
    #[error("a row cannot be read")]
    Row(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Stored JSON is none.
    #[error("stored JSON cannot be read")]
    Json(#[from] serde_json::Error),
    /// Something cannot be written into memory.
    #[error("a piece cannot be written")]
    Write(#[from] io::Error),
    /// A time that RFC 3339 does not have.
    #[error("a time cannot be written")]
    Time(#[from] time::error::Format),
    /// A Parquet file cannot be written.
    #[error("a row group cannot be written")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The client has hung up.
    #[error("the client has hung up")]
    Gone,
    /// The client takes nothing.
    #[error("the client takes nothing")]
    Stalled,
    /// The export takes longer than it may.
    #[error("it takes longer than `{}` lets it ({} s)", .0.setting, .0.time.as_secs())]
    TooLong(Longest),
}

impl ExportError {
    /// What became of the export, in metrics.
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Stalled => "stalled",
            Self::TooLong(_) => "too_long",
            _ => "failed",
        }
    }

    /// What a client is told to whom nothing was sent yet.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Database(error) => Problem::database(error),
            Self::Log(error) => unread(error),
            Self::TooLong(_) => Problem::unavailable(10),
            error => Problem::internal(error),
        }
    }
}
