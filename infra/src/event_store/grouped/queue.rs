//! Appends that wait for a writer.

use super::{batch::Append, metrics};
use crate::event_store::{AppendError, Stamp};
use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, oneshot};

/// Appends that may wait. Beyond, callers are told to come again: a queue that
/// grew with the load would only hide that the log is too slow for it.
const WAITING: usize = 4_096;
/// Bytes that may wait.
const WAITING_BYTES: usize = 64 << 20;
/// Rows of one batch.
const BATCH_ROWS: usize = 1_000;
/// Bytes of one batch.
const BATCH_BYTES: usize = 4 << 20;

/// What became of an append.
pub type Answer = Result<Vec<Stamp>, AppendError>;

/// An append and who waits for it.
#[derive(Debug)]
pub struct Waiting {
    pub append: Append,
    pub answer: oneshot::Sender<Answer>,
}

/// Bounded, first in first out, but for streams that are in a batch already.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: Mutex<Line>,
    came: Notify,
}

#[derive(Debug, Default)]
struct Line {
    appends: VecDeque<Waiting>,
    bytes: usize,
}

impl Queue {
    /// Puts an append at the end; refused where too many wait.
    pub fn put(&self, append: Append) -> Result<oneshot::Receiver<Answer>, AppendError> {
        let (answer, answered) = oneshot::channel();
        let size = append.size();
        {
            let mut line = self.line();
            let waiting = line.appends.len();
            let full = waiting >= WAITING || line.bytes.saturating_add(size) > WAITING_BYTES;
            // What is larger than all that may wait still comes alone.
            if full && waiting > 0 {
                metrics::overloaded();
                return Err(AppendError::Overloaded { waiting });
            }
            line.bytes += size;
            line.appends.push_back(Waiting { append, answer });
        }
        self.came.notify_one();
        Ok(answered)
    }

    /// The next batch, once there is one.
    pub async fn take(&self) -> Vec<Waiting> {
        loop {
            let came = self.came.notified();
            let (batch, more) = self.line().take();
            if more {
                // There is enough for another writer.
                self.came.notify_one();
            }
            if !batch.is_empty() {
                return batch;
            }
            came.await;
        }
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// The oldest appends that one INSERT should hold, at most one per stream:
    /// the second one's sequences would follow the first one's, which may not
    /// come to be. And whether some are left.
    fn take(&mut self) -> (Vec<Waiting>, bool) {
        let (mut batch, mut left) = (Vec::new(), VecDeque::new());
        let mut streams = HashSet::new();
        let (mut rows, mut bytes) = (0, 0);
        while let Some(next) = self.appends.pop_front() {
            let (more_rows, more_bytes) = (next.append.rows.len(), next.append.size());
            let fits = rows + more_rows <= BATCH_ROWS && bytes + more_bytes <= BATCH_BYTES;
            if !fits && !batch.is_empty() {
                left.push_back(next);
                break;
            }
            let stream = (next.append.aggregate_type, next.append.aggregate_id.clone());
            if streams.insert(stream) {
                rows += more_rows;
                bytes += more_bytes;
                self.bytes = self.bytes.saturating_sub(more_bytes);
                batch.push(next);
            } else {
                left.push_back(next);
            }
        }
        while let Some(passed_over) = left.pop_back() {
            self.appends.push_front(passed_over);
        }
        (batch, !self.appends.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(stream: &str, rows: usize, bytes: usize) -> Append {
        let row = |sequence| super::super::batch::Row {
            sequence,
            event_type: String::new(),
            event_version: String::new(),
            payload: "x".repeat(bytes / rows),
            metadata: String::new(),
            command_id: None,
        };
        Append {
            aggregate_type: "order",
            aggregate_id: stream.to_owned(),
            follows: None,
            rows: (1..).take(rows).map(row).collect(),
        }
    }

    fn streams(batch: &[Waiting]) -> Vec<&str> {
        let ids = batch
            .iter()
            .map(|waiting| waiting.append.aggregate_id.as_str());
        ids.collect()
    }

    #[tokio::test]
    async fn a_batch_has_one_append_per_stream_in_the_order_they_came() {
        let queue = Queue::default();
        let kept: Vec<_> = ["a", "b", "a", "c", "a"]
            .map(|stream| queue.put(append(stream, 1, 1)))
            .into();
        assert_eq!(streams(&queue.take().await), ["a", "b", "c"]);
        assert_eq!(streams(&queue.take().await), ["a"]);
        assert_eq!(streams(&queue.take().await), ["a"]);
        drop(kept);
    }

    #[tokio::test]
    async fn a_batch_is_bounded_but_one_append_always_fits() {
        let queue = Queue::default();
        let large = append("large", BATCH_ROWS * 2, BATCH_BYTES * 2);
        let kept = [large, append("a", BATCH_ROWS - 1, 1_000), append("b", 2, 2)];
        let kept = kept.map(|append| queue.put(append));
        assert_eq!(streams(&queue.take().await), ["large"]);
        assert_eq!(streams(&queue.take().await), ["a"]);
        assert_eq!(streams(&queue.take().await), ["b"]);
        drop(kept);
    }

    #[tokio::test]
    async fn what_has_no_room_to_wait_is_refused_and_never_stored() {
        let queue = Queue::default();
        let put = |n: usize| queue.put(append(&n.to_string(), 1, 1));
        let waiting: Vec<_> = (0..WAITING).map(put).collect();
        assert!(waiting.iter().all(Result::is_ok));
        let refused = put(WAITING).expect_err("no room");
        assert!(
            matches!(refused, AppendError::Overloaded { waiting: WAITING }),
            "{refused}"
        );
        let mut taken = 0;
        while taken < WAITING {
            taken += queue.take().await.len();
        }
        assert!(put(0).is_ok(), "there is room again");
        let heavy = queue.put(append("heavy", 1, WAITING_BYTES));
        assert!(matches!(heavy, Err(AppendError::Overloaded { waiting: 1 })));
        queue.take().await;
        assert!(queue.put(append("heavy", 1, WAITING_BYTES)).is_ok());
    }
}
