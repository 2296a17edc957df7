//! A process that works on jobs, from its start to its drain.

use super::{
    attempt::Attempts,
    concluder::Concluder,
    handler::Handlers,
    metrics,
    queue::Queue,
    running::Running,
    settings::Settings,
    stop::StopReason,
    store::Taker,
    streams::{Streams, lanes},
    sweeper::{Sweeper, try_to_leave},
};
use crate::{
    clock,
    lifecycle::{Lifecycle, RoleError},
    redis::Redis,
};
use sqlx::PgPool;
use std::{process, sync::Arc, time::Duration};
use tokio::{
    task::{JoinError, JoinSet},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long queue loops may take to end, which may be in the middle of a
/// statement.
const LOOPS: Duration = Duration::from_secs(5);
/// How long conclusions of jobs that were released may take.
const RELEASE: Duration = Duration::from_secs(5);

/// Works on the jobs of the handlers' kinds until the lifecycle ends, then
/// drains. The pool is used by a statement at a time per queue and a few more.
pub fn spawn(
    settings: Settings,
    ops: PgPool,
    redis: Redis,
    handlers: Handlers,
    lifecycle: &Lifecycle,
) {
    metrics::describe(handlers.0.keys().copied());
    let shutdown = lifecycle.shutdown.clone();
    let attempts = Attempts {
        concluder: Concluder::start(ops.clone()),
        running: Running::default(),
        draining: shutdown.clone(),
        settings,
    };
    let worker = worker_name();
    let runner = Runner {
        streams: Streams::new(redis, worker.clone()),
        worker,
        ops,
        attempts: Arc::new(attempts),
        handlers: Arc::new(handlers),
        tasks: TaskTracker::new(),
    };
    lifecycle.spawn("jobs", runner.run(shutdown));
}

struct Runner {
    worker: String,
    ops: PgPool,
    streams: Streams,
    attempts: Arc<Attempts>,
    handlers: Arc<Handlers>,
    tasks: TaskTracker,
}

impl Runner {
    async fn run(self, shutdown: CancellationToken) -> Result<(), RoleError> {
        let settings = &self.attempts.settings;
        let queues = self.handlers.queues();
        let served = queues.iter().filter(|q| settings.concurrency_of(q) > 0);
        let served: Vec<&str> = served.copied().collect();
        for queue in settings.concurrency.keys() {
            if !queues.contains(&queue.as_str()) {
                tracing::warn!(queue, "jobs.no_such_queue");
            }
        }
        let all_lanes = served.iter().flat_map(|queue| lanes(queue));
        let sweeper = Sweeper {
            ops: self.ops.clone(),
            streams: self.streams.clone(),
            lanes: all_lanes.collect(),
            handlers: self.handlers.clone(),
            every: settings.sweep,
            tidy: settings.tidy,
        };
        let all_lanes = sweeper.lanes.clone();
        // Heartbeats go on while jobs end.
        let ended = CancellationToken::new();
        let _ends = ended.clone().drop_guard();
        let running = self.attempts.running.clone();
        let beating = tokio::spawn(running.keep(self.ops.clone(), settings.lease, ended));
        let mut loops = JoinSet::new();
        loops.spawn(sweeper.run(shutdown.clone()));
        for queue in served {
            loops.spawn(self.queue(queue).run(shutdown.clone()));
        }
        let patience = async {
            shutdown.cancelled().await;
            sleep(LOOPS).await;
        };
        tokio::select! {
            ended = all_ended(&mut loops) => ended?,
            // They go on beside the drain.
            () = patience => tracing::warn!("jobs.loops_late"),
        }
        // Nobody else is kept waiting for what was read and is not begun.
        let leave = try_to_leave(&self.ops, &self.streams, &all_lanes);
        tokio::join!(leave, self.drain());
        beating.abort();
        Ok(())
    }

    fn queue(&self, queue: &str) -> Queue {
        let settings = &self.attempts.settings;
        Queue {
            ops: self.ops.clone(),
            streams: self.streams.clone(),
            taker: Taker {
                worker: self.worker.clone(),
                queue: queue.to_owned(),
                kinds: self.handlers.of_queue(queue),
                lease: settings.lease,
            },
            lanes: lanes(queue),
            concurrency: settings.concurrency_of(queue),
            attempts: self.attempts.clone(),
            handlers: self.handlers.clone(),
            tasks: self.tasks.clone(),
        }
    }

    /// Waits for what is under way, then gives the rest back at once.
    async fn drain(&self) {
        let settings = &self.attempts.settings;
        self.tasks.close();
        if timeout(settings.drain, self.tasks.wait()).await.is_ok() {
            return;
        }
        tracing::warn!(jobs = self.tasks.len(), "jobs.released");
        self.attempts.running.stop_all(StopReason::Draining);
        let _ = timeout(settings.grace + RELEASE, self.tasks.wait()).await;
    }
}

/// Only a bug ends one before its time.
async fn all_ended(loops: &mut JoinSet<()>) -> Result<(), JoinError> {
    while let Some(ended) = loops.join_next().await {
        ended?;
    }
    Ok(())
}

/// Unique per process, and telling: host, process id, and something random.
fn worker_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => "worker",
        host => host,
    };
    let random = &clock::new_id().simple().to_string()[24..];
    format!("{host}-{}-{random}", process::id())
}
