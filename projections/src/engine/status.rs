//! What the projector role is doing, for readiness and for people.

use super::store;
use sqlx::PgPool;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::sleep;

/// How often the views are asked whether they are there: an idle worker would
/// not notice.
const PING: Duration = Duration::from_secs(2);

/// What one worker is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerState {
    /// Checking the stored build, or joining the consumer group.
    Starting,
    /// Making the projection anew from the log.
    Rebuilding,
    /// Applying events as they come.
    Following,
    /// Waiting before the next attempt, because of this.
    Waiting(String),
    /// Told to stop, or failed.
    Stopped,
}

/// The state of every worker of the role. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Status {
    workers: Arc<Mutex<Vec<WorkerState>>>,
    views: Arc<AtomicBool>,
}

impl Status {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            workers: Arc::new(Mutex::new(vec![WorkerState::Starting; workers])),
            views: Arc::new(AtomicBool::new(true)),
        }
    }

    /// Whether every worker applies events as they come, and the views are
    /// there to be written. A role that waits for a server is alive, but not
    /// ready.
    pub fn ready(&self) -> bool {
        self.views_answer() && self.lock().iter().all(|w| *w == WorkerState::Following)
    }

    /// Whether the views database answered when it was last asked.
    pub fn views_answer(&self) -> bool {
        self.views.load(Ordering::Relaxed)
    }

    /// Asks the views again and again.
    pub(super) async fn watch_views(self, views: PgPool) {
        loop {
            let answer = store::ping(&views).await;
            self.views.store(answer.is_ok(), Ordering::Relaxed);
            sleep(PING).await;
        }
    }

    /// What each worker is doing.
    pub fn workers(&self) -> Vec<WorkerState> {
        self.lock().clone()
    }

    pub(super) fn worker(&self, index: usize) -> WorkerStatus {
        WorkerStatus {
            status: self.clone(),
            index,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<WorkerState>> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One worker's place in the status.
#[derive(Debug, Clone)]
pub(super) struct WorkerStatus {
    status: Status,
    index: usize,
}

impl WorkerStatus {
    pub fn set(&self, state: WorkerState) {
        if let Some(worker) = self.status.lock().get_mut(self.index) {
            *worker = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_role_is_ready_when_all_workers_follow() {
        let status = Status::new(2);
        assert!(!status.ready());
        status.worker(0).set(WorkerState::Following);
        assert!(!status.ready());
        status.worker(1).set(WorkerState::Following);
        assert!(status.ready());
        status.worker(0).set(WorkerState::Waiting("Kafka".into()));
        assert!(!status.ready());
    }
}
