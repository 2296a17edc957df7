//! What the projector role is doing, for readiness and for people.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
}

impl Status {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            workers: Arc::new(Mutex::new(vec![WorkerState::Starting; workers])),
        }
    }

    /// Whether every worker applies events as they come. A role that waits
    /// for a server is alive, but not ready.
    pub fn ready(&self) -> bool {
        self.lock().iter().all(|w| *w == WorkerState::Following)
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
