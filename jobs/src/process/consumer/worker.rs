//! The consumer's thread, which begins again after whatever ended its
//! session.

use super::session::{Ended, Session};
use crate::process::{
    epoch::Log,
    record::Poison,
    status::{Status, WorkerState},
};
use infra::{
    config::Config,
    jobs::Announcer,
    lifecycle::{Lifecycle, RoleError, error_chain},
};
use sqlx::PgPool;
use std::{io, sync::Arc, time::Duration};
use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why the consumer gave up. Anything that may pass is waited for instead.
#[derive(Debug, thiserror::Error)]
enum WorkerError {
    #[error(transparent)]
    Poison(Box<Poison>),
    #[error("the thread panicked")]
    Panicked,
}

struct Worker {
    config: Config,
    ops: PgPool,
    log: Log,
    wake: Arc<Notify>,
    announcer: Announcer,
    status: Status,
    runtime: Handle,
    shutdown: CancellationToken,
    pause: Duration,
}

/// Starts the consumer on a thread of its own. `wake` is told of new steps, and
/// `announcer` of jobs that send what is to be delivered.
pub fn start(
    config: &Config,
    (ops, log): (PgPool, Log),
    (wake, announcer): (Arc<Notify>, Announcer),
    status: &Status,
    lifecycle: &Lifecycle,
) -> io::Result<()> {
    let mut worker = Worker {
        config: config.clone(),
        ops,
        log,
        wake,
        announcer,
        status: status.clone(),
        runtime: Handle::current(),
        shutdown: lifecycle.shutdown.clone(),
        pause: FIRST_PAUSE,
    };
    let (ended, end) = oneshot::channel();
    std::thread::Builder::new()
        .name("process-managers".into())
        .spawn(move || {
            let result = worker.run();
            worker.status.set(WorkerState::Stopped);
            // Nobody listens any more only when the runtime is gone.
            let _ = ended.send(result);
        })?;
    lifecycle.spawn("process managers", async {
        let result = end.await.unwrap_or(Err(WorkerError::Panicked));
        result.map_err(RoleError::from)
    });
    Ok(())
}

impl Worker {
    fn run(&mut self) -> Result<(), WorkerError> {
        while !self.shutdown.is_cancelled() {
            self.status.set(WorkerState::Starting);
            match self.follow() {
                Ended::Stopped => break,
                Ended::Poisoned(poison) => return Err(WorkerError::Poison(poison)),
                Ended::Left(leave) => self.wait(&leave),
            }
        }
        Ok(())
    }

    fn follow(&mut self) -> Ended {
        let mut progressed = false;
        let ended = Session {
            config: &self.config,
            ops: &self.ops,
            log: &self.log,
            wake: &self.wake,
            announcer: &self.announcer,
            status: &self.status,
            runtime: &self.runtime,
            shutdown: &self.shutdown,
        }
        .run(&mut || progressed = true);
        if progressed {
            self.pause = FIRST_PAUSE;
        }
        ended
    }

    /// Waits, longer each time that nothing was achieved in between.
    fn wait(&mut self, why: &(dyn std::error::Error + 'static)) {
        let reason = error_chain(why);
        tracing::warn!(reason, pause = ?self.pause, "process.waiting");
        self.status.set(WorkerState::Waiting(reason));
        // A timer can only be made inside the runtime.
        let pause = async { self.shutdown.run_until_cancelled(sleep(self.pause)).await };
        self.runtime.block_on(pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}
