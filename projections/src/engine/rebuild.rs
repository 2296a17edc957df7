//! Making a projection anew from the log, in one transaction
//! (`docs/ARCHITECTURE.md`, invariant 14).
//!
//! The order of the steps is what makes it right:
//! 1. the checkpoints are locked, so that no projector moves on: whatever is
//!    in the rows came from Kafka before
//! 2. the end offsets are noted
//! 3. the horizon is taken; whatever Kafka holds below the noted ends was
//!    published before, so it lies below the horizon
//! 4. the log is folded up to the horizon
//! 5. consuming goes on from the noted ends; the version guard skips what
//!    lies between them and the horizon
//!
//! A crash at any point leaves the old rows and the old offsets. Readers see
//! the old rows until the commit.

use super::{
    bootstrap::Reason,
    environment::Engine,
    failure::is_transient,
    fill::fill,
    lock::RebuildLock,
    metrics::REBUILDS,
    projection::{BoxError, Projection},
    store::{self, Build},
    topic::TopicState,
};
use contracts::LogPosition;
use infra::{epoch::EpochError, kafka::TopicError, log::Horizon, sealing::KeysUnavailable};
use sqlx::Connection as _;
use std::{
    fmt,
    time::{Duration, Instant},
};

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Aggregates written.
    pub aggregates: u64,
    /// Events folded.
    pub events: u64,
}

/// What a rebuild made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebuildReport {
    /// Number of the new build.
    pub build: i64,
    /// Kafka's id of the topic that it goes on from.
    pub topic_id: String,
    /// Epoch of the log that it was made from.
    pub epoch: i32,
    /// Its size.
    pub progress: Progress,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events folded into {} rows",
            self.events, self.aggregates
        )
    }
}

impl fmt::Display for RebuildReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (progress, build, took) = (self.progress, self.build, self.took);
        write!(f, "build {build}: {progress} in {took:.1?}")
    }
}

/// Why a projection was not rebuilt. The old build is untouched.
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
    /// The keys of personal data could not be read.
    #[error(transparent)]
    Keys(#[from] KeysUnavailable),
    /// The topic could not be asked about.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// An aggregate's history cannot be folded.
    #[error("{aggregate} cannot be folded")]
    History {
        /// Kind and id.
        aggregate: String,
        /// Why.
        #[source]
        source: BoxError,
    },
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
}

impl From<sqlx::Error> for RebuildError {
    fn from(error: sqlx::Error) -> Self {
        Self::Views(error)
    }
}

impl RebuildError {
    /// Whether the same rebuild may succeed later without anybody's help.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Views(error) | Self::Log(error) | Self::Epoch(EpochError::Database(error)) => {
                is_transient(error)
            }
            // A missing topic is one `orderlog migrate` away.
            Self::Keys(_) | Self::Topic(_) | Self::NewerVersion { .. } => true,
            // Only an operator decides about a restored log.
            Self::Epoch(_) | Self::History { .. } => false,
        }
    }
}

/// Rebuilds, whatever is stored.
pub async fn rebuild<P: Projection>(
    engine: &Engine<P>,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<RebuildReport, RebuildError> {
    let mut lock = RebuildLock::acquire(&engine.config.views_url, P::NAME).await?;
    let report = run(engine, &mut lock, &Reason::Requested, progress).await?;
    lock.release().await?;
    Ok(report)
}

/// Rebuilds under a lock that is already held.
pub(super) async fn run<P: Projection>(
    engine: &Engine<P>,
    lock: &mut RebuildLock,
    reason: &Reason,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<RebuildReport, RebuildError> {
    let started = Instant::now();
    tracing::info!(projection = P::NAME, ?reason, "projection.rebuild_started");
    engine.log.epoch().await?;
    let mut transaction = lock.connection.begin().await?;
    store::lock_checkpoints(&mut transaction, P::NAME).await?;
    let previous = store::build(&mut *transaction, P::NAME).await?;
    let topic = TopicState::read(&engine.config, P::TOPIC.name).await?;
    let horizon = engine.log.horizon().await.map_err(RebuildError::Log)?;
    store::empty(&mut transaction, P::TABLES).await?;
    let filled = fill(engine, &mut transaction, horizon, progress).await?;
    let made = Build {
        version: P::VERSION,
        build: previous.map_or(1, |previous| previous.build + 1),
        topic_id: topic.id.clone(),
        epoch: horizon.epoch,
    };
    store::switch(
        &mut transaction,
        P::NAME,
        &made,
        &topic.ends(),
        below(horizon),
    )
    .await?;
    transaction.commit().await?;
    metrics::counter!(REBUILDS,
        "projection" => P::NAME, "reason" => reason.as_str())
    .increment(1);
    let report = RebuildReport {
        build: made.build,
        topic_id: topic.id,
        epoch: horizon.epoch,
        progress: filled,
        took: started.elapsed(),
    };
    tracing::info!(projection = P::NAME, ?report, "projection.rebuilt");
    Ok(report)
}

/// The position that everything below the horizon has been passed at.
const fn below(horizon: Horizon) -> LogPosition {
    LogPosition {
        epoch: horizon.epoch,
        xid: horizon.xid,
        position: 0,
    }
}
