//! Process managers: what is to follow when something happens to an order.
//!
//! ```text
//! Kafka orders.events.v1 ─> rules ─> ops: process_orders, process_steps ─> executor ─HTTP─> command API
//! ```
//!
//! The consumer turns events into steps: rows that say which command is due
//! when. Rows and the version of the order that they follow from move in one
//! transaction, and the group's offsets are committed after it, so that a
//! redelivered, doubled or late event has no effect. Timers are such rows as
//! well: nothing is kept in memory.
//!
//! The executor, several at once in any number of processes, takes what is
//! due under a lease and issues it as a client of the command API. A step's
//! key is its Idempotency-Key, so that a step that was issued twice happens
//! once. All workers have to share one API key, because the command API tells
//! repeats apart by who repeats.

mod consumer;
mod epoch;
mod executor;
mod metrics;
mod order;
mod plan;
mod record;
mod rules;
mod status;
mod step;
mod store;

pub use status::{Status, WorkerState};

use crate::SetUpError;
use epoch::Log;
use executor::{ClientError, CommandClient, Executor};
use infra::{
    config::{ApiKeyError, Config},
    jobs::Announcer,
    lifecycle::Lifecycle,
    log::ContractMapping,
    postgres::{self, Database},
    redis::{Redis, RedisError},
    tls::Authorities,
};
use sqlx::PgPool;
use std::sync::Arc;
use tokio::sync::Notify;

/// Connections to the ops database per process: few, because a command takes
/// far longer than a row.
const OPS_CONNECTIONS: u32 = 4;

/// Why the worker role could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The URL of the ops database cannot be read.
    #[error("the ops database cannot be used")]
    Ops(#[source] sqlx::Error),
    /// The URL of the events database cannot be read.
    #[error("the events database cannot be used")]
    Log(#[source] sqlx::Error),
    /// The API key is told twice, or its file cannot be read.
    #[error(transparent)]
    ApiKey(#[from] ApiKeyError),
    /// `tls_ca_file` cannot be used.
    #[error(transparent)]
    Trust(#[from] SetUpError),
    /// Commands cannot be issued as configured.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// `redis_url` is not one.
    #[error("redis_url cannot be used")]
    Redis(#[from] RedisError),
    /// The system gives no more threads.
    #[error("the consumer's thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// Starts the worker role: a consumer on a thread of its own and an executor,
/// until the lifecycle ends. Servers that are away are waited for; a record
/// that cannot be read ends the role with an error that names it. The log is
/// read only after it was restored, with `mapping` to its published form.
///
/// Has to be called within a Tokio runtime. The answer tells whether the role
/// is ready.
pub fn spawn(
    config: &Config,
    mapping: Arc<dyn ContractMapping>,
    lifecycle: &Lifecycle,
) -> Result<Status, SpawnError> {
    metrics::describe();
    let key = config.read_api_key()?;
    let trusted = Authorities::of(config).map_err(SetUpError::Tls)?;
    let client = CommandClient::new(&config.command_url, &key, &trusted)?;
    let ops = postgres::pool(&config.ops_url, OPS_CONNECTIONS).map_err(SpawnError::Ops)?;
    lifecycle.pools.add(Database::Ops, &ops);
    let (status, wake) = (Status::new(), Arc::new(Notify::new()));
    start_executor(client, &ops, &wake, &status, lifecycle);
    let log = Log::new(config, mapping).map_err(SpawnError::Log)?;
    lifecycle.pools.add(Database::Events, log.pool());
    let announcer = Announcer::new(Redis::new(config)?);
    let told = (wake, announcer);
    consumer::start(config, (ops, log), told, &status, lifecycle).map_err(SpawnError::Thread)?;
    Ok(status)
}

fn start_executor(
    client: CommandClient,
    ops: &PgPool,
    wake: &Arc<Notify>,
    status: &Status,
    lifecycle: &Lifecycle,
) {
    let executor = Executor::new(ops.clone(), client, wake.clone(), status.clone());
    let shutdown = lifecycle.shutdown.clone();
    lifecycle.spawn("process steps", async move {
        executor.run(shutdown).await;
        Ok(())
    });
}
