//! Read models: order events in, denormalised rows out.
//!
//! A projection says what its rows are and how one event changes one of them
//! ([`engine::Projection`]); the engine knows Kafka, offsets, batches and
//! rebuilds, and nothing of what the rows mean. [`orders`] is the projection
//! behind the order list, the order document, its history and the statistics.
//!
//! The rows, and the offsets up to which they were made, move in one
//! transaction: a redelivered, doubled or late event has no effect.

pub mod engine;
pub mod orders;
pub mod queries;

pub use engine::{Progress, RebuildError, RebuildReport, Status};

use engine::{Announcer, BoxError, Engine, announce_rebuilt};
use infra::{
    config::Config,
    lifecycle::Lifecycle,
    log::{ContractMapping, LogReader},
    redis::Redis,
    sealing::Sealing,
};
use orders::Orders;
use std::sync::Arc;

/// Why the projector role could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The URL of the views database cannot be read.
    #[error("the views database cannot be used")]
    Views(#[source] sqlx::Error),
    /// The URL of Redis cannot be read.
    #[error("Redis cannot be used")]
    Redis(#[source] BoxError),
    /// The system gives no more threads.
    #[error("a projector thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// Starts the projector role: `config.projector_workers` consumers, each on a
/// thread of its own, until the lifecycle ends. Servers that are away are
/// waited for; a record that cannot be applied parks its order.
///
/// Has to be called within a Tokio runtime. The answer tells whether the role
/// is ready.
pub fn spawn(
    config: &Config,
    log: LogReader,
    mapping: Arc<dyn ContractMapping>,
    sealing: Sealing,
    lifecycle: &Lifecycle,
) -> Result<Status, SpawnError> {
    let engine = Engine::<Orders>::new(config, log, mapping, sealing).map_err(SpawnError::Views)?;
    let redis = Redis::new(config).map_err(|error| SpawnError::Redis(error.into()))?;
    let announcer = Announcer::spawn::<Orders>(engine.views().clone(), redis, lifecycle);
    engine::spawn(&Arc::new(engine), &announcer, lifecycle).map_err(SpawnError::Thread)
}

/// Makes the projection `orders` anew from the log, whatever state it is in:
/// what `orderlog rebuild orders` calls. Readers see the old rows until the
/// new ones are complete; running projectors wait meanwhile and then go on
/// from the new build.
pub async fn rebuild(
    config: &Config,
    log: LogReader,
    mapping: Arc<dyn ContractMapping>,
    sealing: Sealing,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<RebuildReport, RebuildError> {
    let engine =
        Engine::<Orders>::new(config, log, mapping, sealing).map_err(RebuildError::Views)?;
    let report = engine::rebuild(&engine, progress).await?;
    // What is cached of the old build expires by itself if Redis is away.
    if let Ok(redis) = Redis::new(config) {
        announce_rebuilt::<Orders>(engine.views(), &redis).await;
    }
    Ok(report)
}
