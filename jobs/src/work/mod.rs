//! What the job queue carries out in this release, and when.
//!
//! A kind of jobs is a file: the payload, how it is treated, its handler.

mod retention;
pub(crate) mod sweep;

pub use retention::Retention;

use crate::{
    SetUpError,
    archive::{self, Archive, Archiving},
    bulk::{BulkClient, BulkError, How},
    exports::{self, Exporting},
    operations::{self, Operating},
    reads::{ReadClient, ReadError},
    warm_up::{self, WarmUp, Warming},
    webhooks::{self, Delivering, Sender, SenderError},
};
use infra::{
    config::{ApiKeyError, Config},
    exports::{Source, WriteExport},
    jobs::{
        self, Announcer, Ended, Handlers, InvalidTiming, Job as _, JobError, Schedule, Settings,
        Timing,
    },
    lifecycle::Lifecycle,
    objects::{Objects, ObjectsError},
    operations::{LineCheck, RunOperation},
    people::Views,
    postgres::{self, Database},
    redis::{Redis, RedisError},
    retry::RetryPolicy,
    sealing::{MasterKey, MasterKeyError},
    secret::Secret,
    tls::{Authorities, TlsError},
    webhooks::{Guard, InvalidNetwork},
};
use sqlx::PgPool;
use std::{pin::Pin, sync::Arc, time::Duration};

/// Connections to the ops database per process, besides one for each queue:
/// two for conclusions, one each for heartbeats, sweeper and schedules.
const OPS_CONNECTIONS: u32 = 5;
/// Those of handlers, so that none of them keeps a heartbeat waiting.
const HANDLER_CONNECTIONS: u32 = 8;

/// Why an attempt that was told to end has: it is begun again.
pub(crate) fn told_to_end() -> JobError {
    JobError::retry("it was told to end")
}

/// How often the statistics that people ask for are looked after: several times
/// while the cache keeps them.
const WARM_UP: Duration = Duration::from_mins(5);

/// How long Redis may take at least, in milliseconds: no request waits for it.
const REDIS_TIMEOUT_MS: u64 = 500;

/// What a handler is under way as.
pub(crate) type Running = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// Why the queue could not be started.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The URL of the ops database cannot be read.
    #[error("the ops database cannot be used")]
    Ops(#[from] sqlx::Error),
    /// `redis_url` is not one.
    #[error("redis_url cannot be used")]
    Redis(#[from] RedisError),
    /// There is no master key for the secrets of webhook endpoints.
    #[error(transparent)]
    Key(#[from] MasterKeyError),
    /// `webhook_networks` are none.
    #[error("webhook_networks cannot be used")]
    Networks(#[from] InvalidNetwork),
    /// Webhooks cannot be sent.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// Objects cannot be kept as configured.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// The API key is told twice, or its file cannot be read.
    #[error(transparent)]
    ApiKey(#[from] ApiKeyError),
    /// `tls_ca_file` cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Operations cannot be carried out as configured.
    #[error("`command_url` and the API key cannot be used")]
    Commands(#[from] BulkError),
    /// Questions cannot be asked as configured.
    #[error("`read_url` and the API key cannot be used")]
    Questions(#[from] ReadError),
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

/// What jobs ask that only queries know.
pub struct Queries {
    /// What exports hold.
    pub exports: Arc<dyn Source>,
    /// Whose orders are whose.
    pub views: Arc<dyn Views>,
}

/// Works on jobs, and enqueues those that are due at certain times, until the
/// lifecycle ends. Servers that are away are waited for. `lines` knows what lines of
/// bulk requests have to look like.
pub fn spawn(
    config: &Config,
    (queries, lines): (Queries, Arc<dyn LineCheck>),
    lifecycle: &Lifecycle,
) -> Result<(), WorkError> {
    let of_handlers = postgres::pool(&config.ops_url, HANDLER_CONNECTIONS)?;
    lifecycle.pools.add(Database::Ops, &of_handlers);
    let objects = Objects::new(config)?;
    let calls = Calls::new(config)?;
    let exports = (objects.clone(), queries.exports);
    let mut handlers = handlers(config, &of_handlers, exports, &calls)?;
    let schedules = schedules(config, objects.is_some())?;
    // An answer that nobody waits for any more has handed out messages all the
    // same.
    let patient = Config {
        redis_timeout_ms: config.redis_timeout_ms.max(REDIS_TIMEOUT_MS),
        ..config.clone()
    };
    let redis = Redis::new(&patient)?;
    if let Some(objects) = objects {
        let operating = Operating {
            ops: of_handlers.clone(),
            objects,
            lines,
            commands: calls.commands.clone(),
            rehearsals: Arc::new(bulk_client(config, &calls.key, true)?),
            views: queries.views,
            redis: redis.clone(),
            days: f64::from(sweep::days(config.operation_days)),
        };
        handlers = with_operations(handlers, operating);
    }
    let queues = u32::try_from(handlers.queues().len()).unwrap_or(u32::MAX);
    let ops = postgres::pool(&config.ops_url, OPS_CONNECTIONS.saturating_add(queues))?;
    lifecycle.pools.add(Database::Ops, &ops);
    webhooks::spawn(of_handlers, Announcer::new(redis.clone()), lifecycle);
    let sessions = Database::Ops.session_url(config);
    jobs::spawn_schedules(sessions, ops.clone(), schedules, lifecycle)?;
    let mut settings = Settings::of(config);
    for (queue, at_once) in [
        (webhooks::QUEUE, webhooks::AT_ONCE),
        (WriteExport::KIND.queue, exports::AT_ONCE),
        (RunOperation::KIND.queue, operations::AT_ONCE),
    ] {
        // Not of queues that this process does not serve.
        if handlers.queues().contains(&queue) {
            let concurrency = settings.concurrency.entry(queue.to_owned());
            concurrency.or_insert(at_once);
        }
    }
    jobs::spawn(settings, ops, redis, handlers, lifecycle);
    Ok(())
}

fn handlers(
    config: &Config,
    ops: &PgPool,
    (objects, source): (Option<Objects>, Arc<dyn Source>),
    calls: &Calls,
) -> Result<Handlers, WorkError> {
    archive::describe();
    warm_up::describe();
    let exporting = Exporting::new(config, ops, objects, source);
    let delivering = Delivering {
        ops: ops.clone(),
        key: Arc::new(MasterKey::from_config(config)?),
        sender: Sender::new(Guard::of(config)?)?,
    };
    let archiving = Archiving {
        reads: calls.reads.clone(),
        commands: calls.commands.clone(),
        platforms: Arc::new(config.platforms.clone()),
    };
    let warming = Warming {
        ops: ops.clone(),
        reads: calls.reads.clone(),
    };
    Ok(Handlers::new()
        .with(retention::handler(config, ops))
        .with(webhooks::retention(config, ops))
        .with(webhooks::deliver(delivering))
        .with(exports::write(exporting.clone()))
        .with(exports::remove(exporting.clone()))
        .with(exports::retention(exporting))
        .with(archive::archive(archiving))
        .with(warm_up::warm_up(warming)))
}

/// Calls both APIs with the worker's key.
struct Calls {
    key: Secret,
    reads: Arc<ReadClient>,
    commands: Arc<BulkClient>,
}

impl Calls {
    fn new(config: &Config) -> Result<Self, WorkError> {
        let (key, retry) = (config.read_api_key()?, RetryPolicy::default());
        let trusted = Authorities::of(config)?;
        let reads = ReadClient::new(config.questions_url(), &key, retry, &trusted)?;
        Ok(Self {
            reads: Arc::new(reads),
            commands: Arc::new(bulk_client(config, &key, false)?),
            key,
        })
    }
}

fn bulk_client(config: &Config, key: &Secret, dry_run: bool) -> Result<BulkClient, BulkError> {
    let system = (&*config.command_url, key.reveal());
    let how = How {
        dry_run,
        ..How::default()
    };
    let trusted = Authorities::of(config).map_err(SetUpError::Tls)?;
    let retry = RetryPolicy::default();
    BulkClient::new(system, how, "orderlog-worker", retry, &trusted)
}

/// And what only a worker can carry out that has the uploads.
fn with_operations(handlers: Handlers, operating: Operating) -> Handlers {
    operations::describe();
    let (ops, objects) = (operating.ops.clone(), operating.objects.clone());
    handlers
        .with(operations::retention(ops, objects, operating.days))
        .with(operations::operate_about_somebody(operating.clone()))
        .with(operations::operate_import(operating.clone()))
        .with(operations::operate(operating))
}

/// What is enqueued when. Times are off the full hour, when everybody else's
/// work begins.
fn schedules(config: &Config, objects: bool) -> Result<Vec<Schedule>, ScheduleError> {
    let nightly = Timing::cron("17 3 * * *", "UTC")?;
    let later = Timing::cron("41 3 * * *", "UTC")?;
    let hourly = Timing::cron("23 * * * *", "UTC")?;
    let mut schedules = vec![
        Schedule::new("jobs-retention", nightly, &Retention {})?,
        Schedule::new("webhooks-retention", later, &webhooks::Retention {})?,
        Schedule::new("exports-retention", hourly, &exports::Retention {})?,
        archive_schedule(config.archive_after_days)?,
        warm_up_schedule(config.warm_statistics)?,
    ];
    if objects {
        let last = Timing::cron("53 3 * * *", "UTC")?;
        let retention = operations::Retention {};
        schedules.push(Schedule::new("operations-retention", last, &retention)?);
    }
    Ok(schedules)
}

fn archive_schedule(after_days: u64) -> Result<Schedule, ScheduleError> {
    let early = Timing::cron("29 2 * * *", "UTC")?;
    let schedule = Schedule::new("orders-archive", early, &Archive { after_days })?;
    Ok(if after_days == 0 {
        schedule.off("archive_after_days is 0")
    } else {
        schedule
    })
}

fn warm_up_schedule(most: usize) -> Result<Schedule, ScheduleError> {
    let often = Timing::Every(WARM_UP);
    let schedule = Schedule::new("statistics-warm-up", often, &WarmUp { most })?;
    Ok(if most == 0 {
        schedule.off("warm_statistics is 0")
    } else {
        schedule
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_schedules_can_be_read() {
        let config = Config::default();
        for (objects, count) in [(false, 5), (true, 6)] {
            let schedules = schedules(&config, objects).expect("schedules");
            assert_eq!(schedules.len(), count);
        }
    }
}
