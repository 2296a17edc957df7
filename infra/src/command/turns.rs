//! Commands on one aggregate take turns within a process: of two that are
//! decided on the same version, one would only be decided again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Mutex as Turn, OwnedMutexGuard},
    time::timeout,
};

/// Longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(10);

type Turns = Arc<Mutex<HashMap<String, Arc<Turn<()>>>>>;

/// Others have been at the aggregate for too long.
#[derive(Debug, thiserror::Error)]
#[error("other commands on this aggregate take too long")]
pub(super) struct TooLong;

/// Whose turn it is, by aggregate.
#[derive(Debug, Default)]
pub(super) struct TakingTurns(Turns);

/// Held while it is somebody's turn.
pub(super) struct MyTurn {
    turns: Turns,
    id: String,
    held: Option<OwnedMutexGuard<()>>,
}

impl TakingTurns {
    /// Waits for the turn on aggregate `id`, first come, first served; none
    /// after too long a wait.
    pub async fn wait(&self, id: &str) -> Option<MyTurn> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(id.to_owned()).or_default())
        };
        let mut mine = MyTurn {
            turns: Arc::clone(&self.0),
            id: id.to_owned(),
            held: None,
        };
        mine.held = Some(timeout(PATIENCE, turn.lock_owned()).await.ok()?);
        Some(mine)
    }
}

impl Drop for MyTurn {
    fn drop(&mut self) {
        self.held = None;
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever waits holds it too, and everybody takes it under this lock.
        if turns
            .get(&self.id)
            .is_some_and(|t| Arc::strong_count(t) == 1)
        {
            turns.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_and_nothing_is_left_behind() {
        let turns = TakingTurns::default();
        let mine = turns.wait("a").await.expect("free");
        let mut other = Box::pin(turns.wait("a"));
        assert!(futures_util::poll!(&mut other).is_pending());
        assert!(turns.wait("b").await.is_some(), "another aggregate");
        drop(mine);
        let other = other.await.expect("free again");
        let given_up = turns.wait("a");
        drop(given_up);
        drop(other);
        assert!(turns.0.lock().expect("alive").is_empty());
    }
}
