//! One queue in one process: finds jobs, takes them, and has them carried out,
//! so many at once. Queues do not share room, so none keeps another waiting.

use super::{
    attempt::Attempts,
    enqueue::Lane,
    handler::Handlers,
    kind::Priority,
    metrics,
    store::{self, TakenJob, Taker},
    streams::{Message, Streams},
};
use crate::{backoff::Backoff, lifecycle::error_chain, redis::Dedicated};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// Each so many looks the last class comes first, so that it comes at all.
const LAST_FIRST: u32 = 8;
/// How long is waited for more room, where there is little: jobs that are
/// short make some meanwhile, and are taken together.
const GATHER: Duration = Duration::from_millis(2);

/// One queue in one process.
pub struct Queue {
    pub ops: PgPool,
    pub streams: Streams,
    pub taker: Taker,
    /// Those of the queue, the first first.
    pub lanes: Vec<Lane>,
    pub concurrency: usize,
    pub attempts: Arc<Attempts>,
    pub handlers: Arc<Handlers>,
    /// Where attempts run.
    pub tasks: TaskTracker,
}

/// What the loop remembers.
struct Looking {
    slots: Arc<Semaphore>,
    /// Messages that were read and not looked up yet.
    unread: Vec<Message>,
    connection: Option<Dedicated>,
    /// When the ledger was last found to have no more; none: it has more.
    exhausted: Option<Instant>,
    looks: u32,
}

impl Queue {
    /// Runs until `shutdown`; what was begun goes on.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut looking = Looking {
            slots: Arc::new(Semaphore::new(self.concurrency)),
            unread: Vec::new(),
            connection: None,
            exhausted: None,
            looks: 0,
        };
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
        loop {
            let room = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                room = self.room(&looking.slots) => room,
            };
            let pause = match self.begin(&mut looking, room).await {
                Ok(0) => None,
                Ok(_) => {
                    backoff.reset();
                    continue;
                }
                Err(error) => {
                    let queue = &self.taker.queue;
                    tracing::warn!(
                        queue,
                        error = error_chain(&error),
                        "jobs.ledger_unavailable"
                    );
                    Some(backoff.pause())
                }
            };
            let waited = async {
                match pause {
                    Some(pause) => sleep(pause).await,
                    None => self.wait(&mut looking).await,
                }
            };
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                () = waited => {}
            }
        }
    }

    /// Waits until there is room, and says for how many.
    async fn room(&self, slots: &Semaphore) -> usize {
        // Never closed.
        drop(slots.acquire().await);
        if slots.available_permits() < self.concurrency / 4 {
            sleep(GATHER).await;
        }
        slots.available_permits()
    }

    /// Begins at most `room` jobs: those that were announced and, from time to
    /// time or where there was more, those that the ledger knows besides. How
    /// many.
    async fn begin(&self, looking: &mut Looking, room: usize) -> Result<usize, sqlx::Error> {
        if self.attempts.draining.is_cancelled() {
            return Ok(0);
        }
        looking.looks = looking.looks.wrapping_add(1);
        let mut lanes = self.lanes.clone();
        if looking.looks.is_multiple_of(LAST_FIRST) {
            lanes.reverse();
        }
        let announced = self.begin_announced(looking, &lanes, room).await?;
        let left = room - announced.min(room);
        let left = if self.attempts.draining.is_cancelled() {
            0
        } else {
            left
        };
        let is_due = looking
            .exhausted
            .is_none_or(|at| at.elapsed() >= self.attempts.settings.idle);
        if left == 0 || !is_due {
            return Ok(announced);
        }
        let classes: Vec<Priority> = lanes.iter().map(|lane| lane.priority).collect();
        let asked = Instant::now();
        let taken = store::take_due(&self.ops, &self.taker, &classes, left).await?;
        looking.exhausted = (taken.len() < left).then_some(asked);
        let found = taken.len();
        self.start(looking, taken, asked, "ledger").await;
        Ok(announced + found)
    }

    async fn begin_announced(
        &self,
        looking: &mut Looking,
        lanes: &[Lane],
        room: usize,
    ) -> Result<usize, sqlx::Error> {
        let wanted = room.saturating_sub(looking.unread.len());
        // Without Redis the ledger is all there is.
        let read = self.streams.read(lanes, wanted).await;
        looking.unread.extend(read.unwrap_or_default());
        let messages = &looking.unread[..looking.unread.len().min(room)];
        let ids: Vec<Uuid> = messages.iter().filter_map(|message| message.job).collect();
        // What a drain leaves unread is given back.
        if messages.is_empty() || self.attempts.draining.is_cancelled() {
            return Ok(0);
        }
        let asked = Instant::now();
        let taken = store::take(&self.ops, &self.taker, &ids).await?;
        // One that stays is found by a sweeper some time, and means nothing.
        let _ = self.streams.acknowledge(messages).await;
        let (looked_up, found) = (messages.len(), taken.len());
        looking.unread.drain(..looked_up);
        self.start(looking, taken, asked, "announced").await;
        Ok(found)
    }

    async fn start(
        &self,
        looking: &Looking,
        taken: Vec<TakenJob>,
        asked: Instant,
        how: &'static str,
    ) {
        for job in taken {
            // Only kinds with a handler are taken, and only where there is room.
            let Some(handler) = self.handlers.0.get(&*job.kind).cloned() else {
                continue;
            };
            let Ok(slot) = looking.slots.clone().acquire_owned().await else {
                return;
            };
            let queue = self.taker.queue.clone();
            metrics::taken(&queue, how, job.waited);
            let (attempts, slots, all) = (
                self.attempts.clone(),
                looking.slots.clone(),
                self.concurrency,
            );
            self.tasks.spawn(async move {
                attempts.attempt(job, handler, asked).await;
                drop(slot);
                metrics::running(&queue, all - slots.available_permits());
            });
        }
        let free = looking.slots.available_permits();
        metrics::running(&self.taker.queue, self.concurrency - free);
    }

    /// Waits for a message, or for as long as a queue may be quiet.
    async fn wait(&self, looking: &mut Looking) {
        let idle = self.attempts.settings.idle;
        let connection = match looking.connection.take() {
            Some(connection) => Ok(connection),
            None => self.streams.connect(idle).await,
        };
        let Ok(mut connection) = connection else {
            return sleep(idle).await;
        };
        match self.streams.wait(&mut connection, &self.lanes, idle).await {
            Ok(messages) => {
                looking.unread.extend(messages);
                looking.connection = Some(connection);
            }
            Err(_) => sleep(idle).await,
        }
    }
}
