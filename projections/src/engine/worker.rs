//! A worker: a thread that prepares, follows, and begins again after
//! whatever ended its session.

use super::{
    announce::Announcer,
    bootstrap::{self, Prepared},
    consumer::{Ended, Leave, Session},
    environment::Engine,
    metrics, parking,
    projection::Projection,
    publish,
    rebuild::{self, Progress, RebuildError},
    shared::Shared,
    status::{Status, WorkerState, WorkerStatus},
    topic,
};
use infra::{
    kafka::TopicId,
    lifecycle::{Lifecycle, RoleError, error_chain},
};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    runtime::Handle,
    sync::{oneshot, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why a worker gave up. Anything that may pass is waited for instead.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The projection cannot be made from the log.
    #[error("projection {projection} cannot be rebuilt")]
    Rebuild {
        /// Its name.
        projection: &'static str,
        /// Why.
        #[source]
        source: RebuildError,
    },
    /// The thread panicked; the panic is in the log.
    #[error("the thread panicked")]
    Panicked,
}

struct Worker<P: Projection> {
    engine: Arc<Engine<P>>,
    announcer: Announcer,
    runtime: Handle,
    status: WorkerStatus,
    topic_id: watch::Receiver<Option<TopicId>>,
    marks: watch::Receiver<()>,
    shutdown: CancellationToken,
    pause: Duration,
}

/// Starts the workers of a projection, each on a thread of its own.
pub fn spawn<P: Projection>(
    engine: &Arc<Engine<P>>,
    announcer: &Announcer,
    shared: &Shared,
    lifecycle: &Lifecycle,
) -> io::Result<Status> {
    metrics::describe(P::NAME);
    parking::describe(P::NAME);
    let workers = Engine::<P>::workers(&engine.config);
    let status = Status::new(workers);
    let (seen, topic_id) = watch::channel(None);
    let watching = topic::watch_id(
        engine.config.clone(),
        P::TOPIC.name,
        seen,
        lifecycle.shutdown.clone(),
    );
    lifecycle.spawn("projector topic watch", async {
        watching.await;
        Ok(())
    });
    let views = status.clone().watch_views(engine.views().clone());
    let shutdown = lifecycle.shutdown.clone();
    lifecycle.spawn("projector views watch", async move {
        shutdown.run_until_cancelled(views).await;
        Ok(())
    });
    let everybody = announcer.clone();
    let built = move || everybody.moved(0..P::TOPIC.partitions);
    let building = rebuild::carry_out(engine.clone(), built, lifecycle.shutdown.clone());
    lifecycle.spawn("projector builder", async {
        building.await;
        Ok(())
    });
    if let Some(published) = P::PUBLISHED {
        publish::spawn(engine, published, lifecycle).map_err(io::Error::other)?;
    }
    for index in 0..workers {
        let worker = Worker {
            engine: engine.clone(),
            announcer: announcer.clone(),
            runtime: Handle::current(),
            status: status.worker(index),
            topic_id: topic_id.clone(),
            marks: shared.marks.clone(),
            shutdown: lifecycle.shutdown.clone(),
            pause: FIRST_PAUSE,
        };
        start(worker, index, lifecycle)?;
    }
    Ok(status)
}

fn start<P: Projection>(
    mut worker: Worker<P>,
    index: usize,
    lifecycle: &Lifecycle,
) -> io::Result<()> {
    let (ended, end) = oneshot::channel();
    let name = format!("projector-{index}");
    std::thread::Builder::new()
        .name(name.clone())
        .spawn(move || {
            let result = worker.run();
            worker.status.set(WorkerState::Stopped);
            // Nobody listens any more only when the runtime is gone.
            let _ = ended.send(result);
        })?;
    lifecycle.spawn(name, async {
        let result = end.await.unwrap_or(Err(WorkerError::Panicked));
        result.map_err(RoleError::from)
    });
    Ok(())
}

impl<P: Projection> Worker<P> {
    fn run(&mut self) -> Result<(), WorkerError> {
        let mut refused = None;
        while !self.shutdown.is_cancelled() {
            self.status.set(WorkerState::Starting);
            let prepared = match self.prepare(refused.take()) {
                Some(Ok(prepared)) => prepared,
                Some(Err(error)) if error.is_transient() => {
                    self.wait(&error);
                    continue;
                }
                Some(Err(source)) => {
                    let projection = P::NAME;
                    return Err(WorkerError::Rebuild { projection, source });
                }
                None => break,
            };
            match self.follow(&prepared) {
                Ended::Stopped => break,
                Ended::Left(leave) => {
                    if let Leave::OffsetOutOfRange { build } = leave {
                        refused = Some(build);
                    }
                    self.wait(&leave);
                }
            }
        }
        Ok(())
    }

    /// None: told to stop.
    fn prepare(&self, refused: Option<i64>) -> Option<Result<Prepared, RebuildError>> {
        let status = self.status.clone();
        let progress = move |progress: Progress| {
            status.set(WorkerState::Rebuilding);
            tracing::debug!(projection = P::NAME, ?progress, "projection.rebuilding");
        };
        let prepare = bootstrap::prepare(&self.engine, refused, &progress);
        let stop = self.shutdown.clone();
        let prepared = self
            .runtime
            .block_on(stop.run_until_cancelled_owned(prepare));
        if let Some(Ok(_)) = prepared {
            // Whatever was cached or waited for may stand differently now.
            self.announcer.moved(0..P::TOPIC.partitions);
        }
        prepared
    }

    fn follow(&mut self, prepared: &Prepared) -> Ended {
        let mut progressed = false;
        let ended = Session {
            engine: &self.engine,
            runtime: &self.runtime,
            announcer: &self.announcer,
            status: &self.status,
            topic_id: &self.topic_id,
            marks: &self.marks,
            shutdown: &self.shutdown,
            prepared,
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
        tracing::warn!(projection = P::NAME, reason, pause = ?self.pause, "projector.waiting");
        self.status.set(WorkerState::Waiting(reason));
        // A timer can only be made inside the runtime.
        let pause = async { self.shutdown.run_until_cancelled(sleep(self.pause)).await };
        self.runtime.block_on(pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}
