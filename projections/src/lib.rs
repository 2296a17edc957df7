//! Read models: events in, denormalised rows out.
//!
//! A projection says what its rows are and how one event changes one of them
//! ([`engine::Projection`]); the engine knows Kafka, offsets, batches and
//! rebuilds, and nothing of what the rows mean. [`orders`] is the projection
//! behind the order list, the order document, its history and the statistics;
//! [`whole`] has those of platforms, products and shipping.
//!
//! The rows, and the offsets up to which they were made, move in one
//! transaction: a redelivered, doubled or late event has no effect.

pub mod engine;
pub mod orders;
pub mod queries;
pub mod registry;
mod role;
pub mod simple;
pub mod whole;

pub use engine::{OnProgress, Progress, RebuildError, RebuildReport, WorkerState};
pub use role::{Status, make_empty, rebuild, spawn, spawn_these};

use engine::BoxError;
use infra::{
    config::Config,
    log::{ContractMapping, LogReader},
    sealing::Sealing,
};
use std::sync::Arc;

/// What projections are made from, and where to.
#[derive(Clone)]
pub struct Sources {
    /// Where the servers are.
    pub config: Config,
    /// The log.
    pub log: LogReader,
    /// From stored to published events.
    pub mapping: Arc<dyn ContractMapping>,
    /// Opens personal data.
    pub sealing: Sealing,
}

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
