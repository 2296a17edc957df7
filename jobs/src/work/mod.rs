//! What the job queue carries out in this release, and when.
//!
//! A kind of jobs is a file: the payload, how it is treated, its handler.

mod retention;

pub use retention::Retention;

use infra::{
    config::Config,
    jobs::{self, Handlers, InvalidTiming, Schedule, Settings, Timing},
    lifecycle::Lifecycle,
    postgres,
    redis::{Redis, RedisError},
};
use sqlx::PgPool;

/// Connections to the ops database per process, besides one for each queue:
/// two for conclusions, one each for heartbeats, sweeper and schedules.
const OPS_CONNECTIONS: u32 = 5;
/// Those of handlers, so that none of them keeps a heartbeat waiting.
const HANDLER_CONNECTIONS: u32 = 4;

/// How long Redis may take at least, in milliseconds: no request waits for it.
const REDIS_TIMEOUT_MS: u64 = 500;

/// Why the queue could not be started.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The URL of the ops database cannot be read.
    #[error("the ops database cannot be used")]
    Ops(#[from] sqlx::Error),
    /// `redis_url` is not one.
    #[error("redis_url cannot be used")]
    Redis(#[from] RedisError),
    /// A bug: a schedule of ours is none.
    #[error("a schedule cannot be read")]
    Schedule(#[from] ScheduleError),
}

/// A schedule of ours is none.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// Its times.
    #[error(transparent)]
    Timing(#[from] InvalidTiming),
    /// Its payload.
    #[error(transparent)]
    Payload(#[from] serde_json::Error),
}

/// Works on jobs, and enqueues those that are due at certain times, until the
/// lifecycle ends. Servers that are away are waited for.
pub fn spawn(config: &Config, lifecycle: &Lifecycle) -> Result<(), WorkError> {
    let of_handlers = postgres::pool(&config.ops_url, HANDLER_CONNECTIONS)?;
    let handlers = handlers(config, &of_handlers);
    let queues = u32::try_from(handlers.queues().len()).unwrap_or(u32::MAX);
    let ops = postgres::pool(&config.ops_url, OPS_CONNECTIONS.saturating_add(queues))?;
    // An answer that nobody waits for any more has handed out messages all the
    // same.
    let patient = Config {
        redis_timeout_ms: config.redis_timeout_ms.max(REDIS_TIMEOUT_MS),
        ..config.clone()
    };
    let redis = Redis::new(&patient)?;
    jobs::spawn(
        Settings::of(config),
        ops.clone(),
        redis,
        handlers,
        lifecycle,
    );
    jobs::spawn_schedules(&config.ops_url, ops, schedules()?, lifecycle)?;
    Ok(())
}

fn handlers(config: &Config, ops: &PgPool) -> Handlers {
    Handlers::new().with(retention::handler(config, ops))
}

/// What is enqueued when. Times are off the full hour, when everybody else's
/// work begins.
fn schedules() -> Result<Vec<Schedule>, ScheduleError> {
    let nightly = Timing::cron("17 3 * * *", "UTC")?;
    Ok(vec![Schedule::new(
        "jobs-retention",
        nightly,
        &Retention {},
    )?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_schedules_can_be_read() {
        let schedules = schedules().expect("schedules");
        assert!(!schedules.is_empty());
    }
}
