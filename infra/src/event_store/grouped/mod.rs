//! Our append: group commit (`docs/ARCHITECTURE.md`, invariants 1 and 11).
//!
//! ```text
//!  commands ──> queue (bounded) ──> writers (a few): take all that waits
//!                                      │ one INSERT, the whole transaction
//!                                      ▼
//!                                   the log ──> a stamp per event, to each command
//! ```
//!
//! A command that comes alone finds a writer idle and waits for nobody; while
//! all writers are busy, whatever comes gathers, so that batches grow just as
//! the load does. A batch is stored as a whole or not at all; where one of its
//! commands is in the way, it is run again without that one.

mod batch;
mod insert;
mod metrics;
mod queue;
mod writer;

#[cfg(test)]
mod tests;

use super::{AppendError, NewEvent, Stamp, error::Cause, sessions::sessions};
use batch::Append;
use insert::{Log, Store};
use queue::Queue;
use sqlx::PgPool;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;
use writer::{Patience, Writer};

/// Batches under way at a time: one commits while the other one is put
/// together; more would only make smaller batches.
const WRITERS: usize = 2;

/// Connections for appends alone: no read keeps one waiting.
const CONNECTIONS: u32 = 4;
/// How long a batch waits for a stream that somebody has locked; then each of
/// its commands is run on its own, and only those on that stream wait on.
const LOCK_TIMEOUT: &str = "1s";

/// Where appends are put. Writers end with the last clone.
#[derive(Clone)]
pub(super) struct GroupCommit {
    queue: Arc<Queue>,
    _writers: Arc<Vec<AbortOnDropHandle<()>>>,
}

impl GroupCommit {
    /// Starts the writers, to where `pool` leads. Has to be called within a Tokio
    /// runtime.
    pub fn start(pool: &PgPool) -> Self {
        metrics::describe();
        let sessions = sessions(pool, CONNECTIONS, &[("lock_timeout", LOCK_TIMEOUT)]);
        Self::on(&Arc::new(Log::new(sessions)), Patience::default())
    }

    fn on<S: Store>(store: &Arc<S>, patience: Patience) -> Self {
        let queue = Arc::new(Queue::default());
        let writer = |_| {
            let writer = Writer::new(Arc::clone(&queue), Arc::clone(store), patience);
            AbortOnDropHandle::new(tokio::spawn(writer.run()))
        };
        let writers = (0..WRITERS).map(writer).collect();
        Self {
            queue,
            _writers: Arc::new(writers),
        }
    }

    /// All of `events` or none. The caller may go away meanwhile: the append
    /// goes on without it.
    pub async fn append(
        &self,
        aggregate_type: &'static str,
        aggregate_id: &str,
        follows: Option<i64>,
        events: &[NewEvent],
    ) -> Result<Vec<Stamp>, AppendError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let append = Append::new(aggregate_type, aggregate_id, follows, events);
        let append = append.map_err(|e| AppendError::Refused(Cause::new(e)))?;
        let answer = self.queue.put(append)?;
        let stopped = || AppendError::Unknown(Cause::new("the writers of the log have stopped"));
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }
}
