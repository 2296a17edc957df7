//! How often a cache had what it was asked for.

use metrics::Counter;
use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicU64, Ordering},
};

const REQUESTS: &str = "orderlog_cache_requests_total";

/// Tells the exporter what the name means.
pub(super) fn describe() {
    metrics::describe_counter!(
        REQUESTS,
        "Requests to the cache, by family and by what it had"
    );
}

/// What came of asking a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It had the answer.
    Hit,
    /// It had the answer, which is computed anew behind it.
    Revalidated,
    /// What it had is too old for the answer.
    Stale,
    /// It had nothing.
    Miss,
    /// It could not be asked.
    Unavailable,
}

impl Found {
    const ALL: [Self; 5] = [
        Self::Hit,
        Self::Revalidated,
        Self::Stale,
        Self::Miss,
        Self::Unavailable,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Revalidated => "revalidated",
            Self::Stale => "stale",
            Self::Miss => "miss",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Requests of one family since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyFigures {
    /// Its name.
    pub family: &'static str,
    /// Answered from the cache.
    pub hits: u64,
    /// Answered from the cache, and computed anew behind the answer.
    pub revalidated: u64,
    /// What the cache had was too old.
    pub stale: u64,
    /// The cache had nothing.
    pub misses: u64,
    /// The cache could not be asked.
    pub unavailable: u64,
}

impl FamilyFigures {
    /// All requests.
    pub const fn requests(&self) -> u64 {
        self.hits + self.revalidated + self.stale + self.misses + self.unavailable
    }

    /// Which part of them was answered from the cache; none without requests.
    pub fn hit_ratio(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a ratio")]
        let ratio = |part: u64, whole: u64| part as f64 / whole as f64;
        let requests = self.requests();
        (requests > 0).then(|| ratio(self.hits + self.revalidated, requests))
    }
}

/// Counts the requests of one family.
#[derive(Debug)]
pub(super) struct Tally {
    family: &'static str,
    counts: [AtomicU64; Found::ALL.len()],
    /// The same for the exporter, of which each is looked up once.
    exported: [OnceLock<Counter>; Found::ALL.len()],
}

impl Tally {
    pub fn count(&self, found: Found) {
        self.counts[found as usize].fetch_add(1, Ordering::Relaxed);
        let exported = self.exported[found as usize].get_or_init(
            || metrics::counter!(REQUESTS, "family" => self.family, "result" => found.name()),
        );
        exported.increment(1);
    }

    fn figures(&self) -> FamilyFigures {
        let of = |found: Found| self.counts[found as usize].load(Ordering::Relaxed);
        FamilyFigures {
            family: self.family,
            hits: of(Found::Hit),
            revalidated: of(Found::Revalidated),
            stale: of(Found::Stale),
            misses: of(Found::Miss),
            unavailable: of(Found::Unavailable),
        }
    }
}

/// The tallies of a process, one per family.
#[derive(Debug, Default)]
pub(super) struct Tallies(Mutex<Vec<Arc<Tally>>>);

impl Tallies {
    /// The one of this family.
    pub fn of(&self, family: &'static str) -> Arc<Tally> {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tally) = tallies.iter().find(|tally| tally.family == family) {
            return Arc::clone(tally);
        }
        let counts = Found::ALL.map(|_| AtomicU64::new(0));
        let tally = Arc::new(Tally {
            family,
            counts,
            exported: Default::default(),
        });
        tallies.push(Arc::clone(&tally));
        tally
    }

    pub fn figures(&self) -> Vec<FamilyFigures> {
        let tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.iter().map(|tally| tally.figures()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_revalidated_counts_as_answered() {
        let tallies = Tallies::default();
        let tally = tallies.of("orders");
        assert_eq!(tallies.figures()[0].hit_ratio(), None);
        for found in Found::ALL {
            tally.count(found);
        }
        tallies.of("orders").count(Found::Hit);
        let figures = tallies.figures();
        assert_eq!(figures.len(), 1, "one family, however often it is named");
        assert_eq!((figures[0].hits, figures[0].requests()), (2, 6));
        assert_eq!(figures[0].hit_ratio(), Some(0.5));
    }
}
