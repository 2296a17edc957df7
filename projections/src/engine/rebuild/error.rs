//! Why a projection was not rebuilt.

use crate::engine::failure::is_transient;
use infra::{epoch::EpochError, kafka::TopicError, sealing::OpenError};

/// Why a projection was not rebuilt. What is served is untouched.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The views database failed.
    #[error("the views database failed")]
    Views(#[source] sqlx::Error),
    /// The log could not be read.
    #[error("the log cannot be read")]
    Log(#[source] sqlx::Error),
    /// The log must not be read.
    #[error(transparent)]
    Epoch(#[from] EpochError),
    /// The keys of personal data could not be read, or are another master
    /// key's.
    #[error(transparent)]
    Closed(OpenError),
    /// The topic could not be asked about.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// The tables were made by newer code; an older release does not undo it
    /// by itself.
    #[error(
        "the stored build of {projection} has version {stored}, this release makes version {ours}; \
         `orderlog rebuild {projection}` goes back to it"
    )]
    NewerVersion {
        /// Name of the projection.
        projection: &'static str,
        /// Version of the stored build.
        stored: i32,
        /// Version of this code.
        ours: i32,
    },
    /// Somebody gave the build up.
    #[error("build {build} was cancelled")]
    Cancelled {
        /// Its number.
        build: i64,
    },
    /// Another process, which carried it out, could not make it.
    #[error("build {build} failed: {reason}")]
    Failed {
        /// Its number.
        build: i64,
        /// What was written down.
        reason: String,
    },
    /// The database refuses an index. What was filled stays.
    #[error(
        "build {build} is filled and lacks an index, which the database refuses to make: {index}; \
         it is tried again by running projectors and by `orderlog rebuild`, which goes on with it"
    )]
    Index {
        /// Its number.
        build: i64,
        /// The statement.
        index: String,
        /// What the database says.
        #[source]
        source: sqlx::Error,
    },
    /// It parks more than may be taken over without a word. It stays as it is.
    #[error(
        "build {build} of {projection} is complete and parks {parked} of {orders} orders that the \
         served one does not, more than {percent} %: what is served stays. \
         `orderlog rebuild {projection} --accept-parked` switches to it all the same, \
         `orderlog rebuild {projection} --cancel` drops it"
    )]
    TooMuchParked {
        /// Name of the projection.
        projection: &'static str,
        /// Number of the build.
        build: i64,
        /// How many orders that is.
        parked: i64,
        /// Of so many.
        orders: i64,
        /// How much would have done, by the configuration.
        percent: u8,
    },
    /// The open build has said so before, and nobody has accepted or dropped it.
    #[error("build {build} of {projection} waits: {why}")]
    Held {
        /// Name of the projection.
        projection: &'static str,
        /// Its number.
        build: i64,
        /// What it waits for.
        why: String,
    },
    /// Somebody else goes on with the build.
    #[error("another process goes on with build {build}")]
    Overtaken {
        /// Its number.
        build: i64,
    },
    /// The log is in another epoch than the build is made from.
    #[error("build {build} is of another epoch of the log")]
    OtherEpoch {
        /// Its number.
        build: i64,
    },
}

impl From<sqlx::Error> for RebuildError {
    fn from(error: sqlx::Error) -> Self {
        Self::Views(error)
    }
}

impl RebuildError {
    /// Whether the build waits for somebody to do something about it.
    pub(super) const fn waits_for_help(&self) -> bool {
        matches!(self, Self::Index { .. } | Self::TooMuchParked { .. })
    }

    /// Whether the same rebuild may succeed later without anybody's help.
    pub(in crate::engine) fn is_transient(&self) -> bool {
        match self {
            Self::Views(error) | Self::Log(error) | Self::Epoch(EpochError::Database(error)) => {
                is_transient(error)
            }
            // A missing topic is one `orderlog migrate` away.
            Self::Closed(_)
            | Self::Topic(_)
            | Self::NewerVersion { .. }
            | Self::Cancelled { .. }
            | Self::Index { .. }
            | Self::TooMuchParked { .. }
            | Self::Held { .. }
            | Self::Overtaken { .. }
            | Self::OtherEpoch { .. } => true,
            // Only an operator decides about a restored log.
            Self::Epoch(_) | Self::Failed { .. } => false,
        }
    }
}
