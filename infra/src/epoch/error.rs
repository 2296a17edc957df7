//! Why a log must not be read or written.

use super::LogIdentity;

/// Why a log must not be read or written, or why nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum EpochError {
    /// It is not the database that its present epoch was recorded in.
    #[error(
        "the log was restored or copied: epoch {epoch} was recorded in {recorded}, and this is \
         {found}. Nobody reads or writes it until `orderlog epoch bump` has begun a new epoch; \
         where it was not meant to be restored, correct ORDERLOG_EVENTS_URL \
         (docs/OPERATIONS.md, Restoring a backup)"
    )]
    Restored {
        /// The newest one.
        epoch: i32,
        /// Where that was recorded.
        recorded: LogIdentity,
        /// What is there.
        found: LogIdentity,
    },
    /// A relay has found that events are missing that were published.
    #[error(
        "the log was restored from a backup: {contradiction}. Nobody reads or writes it until \
         `orderlog epoch bump` has begun a new epoch (docs/OPERATIONS.md, Restoring a backup)"
    )]
    FellBack {
        /// What is missing.
        contradiction: String,
    },
    /// No epoch is recorded.
    #[error("the log has no epoch: run `orderlog migrate`")]
    Unrecorded,
    /// The database does not answer, or with an error.
    #[error("the log's epoch cannot be read")]
    Database(#[from] sqlx::Error),
}

impl EpochError {
    /// Whether a new epoch mends it.
    pub const fn is_bumpable(&self) -> bool {
        matches!(self, Self::Restored { .. } | Self::FellBack { .. })
    }

    /// Whether the log must not be used until somebody has decided about it;
    /// otherwise nothing is known about it.
    pub const fn is_verdict(&self) -> bool {
        !matches!(self, Self::Database(_))
    }
}
