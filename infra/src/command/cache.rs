//! Recent aggregates, kept in memory: bounded in bytes, the longest unused
//! goes first. What is in here may be behind the log, as other processes write
//! to it too; the version that an append insists on finds that out.

use super::{recording::Recording, state::State};
use hashlink::LruCache;
use metrics::{counter, describe_counter, describe_gauge, gauge};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// In memory, an aggregate is about so many times the size of its events.
const FACTOR: usize = 3;
/// What the smallest one takes, its place in here included.
const LEAST: usize = 2_048;

const HITS: &str = "orderlog_aggregate_cache_hits_total";
const MISSES: &str = "orderlog_aggregate_cache_misses_total";
const BYTES: &str = "orderlog_aggregate_cache_bytes";

/// Aggregates by id.
pub(super) struct StateCache<R: Recording> {
    kept: Mutex<Kept<R>>,
    capacity: usize,
    is_measured: bool,
}

struct Kept<R: Recording> {
    states: LruCache<String, Arc<State<R>>>,
    bytes: usize,
}

impl<R: Recording> StateCache<R> {
    /// Keeps about `capacity` bytes; nothing with 0.
    pub fn new(capacity: usize) -> Self {
        describe_counter!(HITS, "Commands whose aggregate was in memory");
        describe_counter!(MISSES, "Commands whose aggregate had to be loaded");
        describe_gauge!(BYTES, "Bytes of aggregates in memory, about");
        Self {
            is_measured: true,
            ..Self::unmeasured(capacity)
        }
    }

    /// The same for what is no cache of the log, and counts for nothing.
    pub fn unmeasured(capacity: usize) -> Self {
        let kept = Kept {
            states: LruCache::new_unbounded(),
            bytes: 0,
        };
        Self {
            kept: Mutex::new(kept),
            capacity,
            is_measured: false,
        }
    }

    /// Takes an aggregate out: whoever works on it puts it back.
    pub fn take(&self, id: &str) -> Option<Arc<State<R>>> {
        let taken = {
            let mut kept = self.kept();
            let taken = kept.states.remove(id);
            if let Some(state) = &taken {
                kept.bytes = kept.bytes.saturating_sub(size(state));
            }
            taken
        };
        if self.is_measured {
            counter!(if taken.is_some() { HITS } else { MISSES }).increment(1);
        }
        taken
    }

    /// Puts an aggregate in, and others out, until all fit.
    pub fn put(&self, id: &str, state: Arc<State<R>>) {
        let size_of_new = size(&state);
        if size_of_new > self.capacity {
            return;
        }
        let mut kept = self.kept();
        kept.bytes += size_of_new;
        if let Some(old) = kept.states.insert(id.to_owned(), state) {
            kept.bytes = kept.bytes.saturating_sub(size(&old));
        }
        while kept.bytes > self.capacity {
            let Some((_, oldest)) = kept.states.remove_lru() else {
                break;
            };
            kept.bytes = kept.bytes.saturating_sub(size(&oldest));
        }
        if self.is_measured {
            #[expect(clippy::cast_precision_loss, reason = "a gauge of bytes")]
            gauge!(BYTES).set(kept.bytes as f64);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept<R>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size<R: Recording>(state: &State<R>) -> usize {
    state.bytes.saturating_mul(FACTOR).max(LEAST)
}
