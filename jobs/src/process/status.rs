//! What the worker role is doing, for readiness and for people.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the consumer is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkerState {
    /// Joining the consumer group.
    Starting,
    /// Reacting to events as they come.
    Following,
    /// Waiting before the next attempt, because of this.
    Waiting(String),
    /// Told to stop, or failed.
    Stopped,
}

/// The state of the role. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Status(Arc<Mutex<Known>>);

#[derive(Debug)]
struct Known {
    consumer: WorkerState,
    commands: Result<(), String>,
}

impl Status {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Known {
            consumer: WorkerState::Starting,
            commands: Ok(()),
        })))
    }

    /// What the consumer is doing. A role that waits for a server is alive,
    /// but not ready.
    pub fn consumer(&self) -> WorkerState {
        self.lock().consumer.clone()
    }

    /// Why the last command got no answer of its own, if it did not.
    pub fn commands(&self) -> Result<(), String> {
        self.lock().commands.clone()
    }

    /// What the consumer is doing from now on; whether it did something else.
    pub(super) fn set(&self, consumer: WorkerState) -> bool {
        let mut known = self.lock();
        let changed = known.consumer != consumer;
        known.consumer = consumer;
        changed
    }

    pub(super) fn commanded(&self, answer: Result<(), String>) {
        self.lock().commands = answer;
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
