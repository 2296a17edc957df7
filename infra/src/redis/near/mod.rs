//! Copies of the documents that this process is asked for most, in its own memory:
//! most answers need no round trip to Redis.
//!
//! A copy is of what Redis holds, and Redis says when that changes, whoever changes
//! it and why: a newer document, an announcement, a purge, its end of life, a key
//! that had to go for lack of memory, all keys at once. It does so by itself (client
//! tracking in broadcasting mode), on a connection that nothing else is asked on,
//! after Redis has done what it says, and before it does anything later on it.
//!
//! | file | what |
//! |---|---|
//! | `copies.rs` | the copies, and which of them may be told |
//! | `follow.rs` | the connection |

mod copies;
mod follow;

pub(super) use copies::{Asked, Kept};

use super::{
    Redis,
    family::{Entry, key_of},
    tally::{Found, Tally},
    version::Version,
};
use copies::{Copies, Looked};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The name under which requests to the copies are counted.
pub const NEAR_FAMILY: &str = "near";

const BYTES: &str = "orderlog_near_cache_bytes";
const FOLLOWING: &str = "orderlog_near_cache_following";
const INVALIDATIONS: &str = "orderlog_near_cache_invalidations_total";

/// Copies of one family's documents. Cheap to clone.
#[derive(Clone)]
pub struct Near(Arc<Shared>);

struct Shared {
    redis: Redis,
    /// What the names of the family's keys begin with.
    prefix: String,
    copies: Copies,
    tally: Arc<Tally>,
}

/// What there is of a document.
pub(super) enum Nearby {
    /// A copy that may be told.
    Kept(Arc<Kept>),
    /// None, for this reason: Redis is to be asked, and its answer told to
    /// [`Near::answered`].
    Ask(Asked, Found),
}

impl Near {
    /// Copies of documents of `family` that take so many bytes, about; none for 0.
    /// They are used while [`Self::follow`] is polled.
    pub fn new(redis: &Redis, family: &str, bytes: usize) -> Option<Self> {
        if bytes == 0 {
            return None;
        }
        metrics::describe_gauge!(BYTES, "Bytes of documents in memory, about");
        metrics::describe_gauge!(FOLLOWING, "1 while Redis tells of changes");
        metrics::describe_counter!(INVALIDATIONS, "Documents in memory that have changed");
        metrics::gauge!(FOLLOWING).set(0.0);
        metrics::gauge!(BYTES).set(0.0);
        metrics::counter!(INVALIDATIONS).increment(0);
        Some(Self(Arc::new(Shared {
            prefix: key_of(redis, family, ""),
            copies: Copies::new(u64::try_from(bytes).unwrap_or(u64::MAX)),
            tally: redis.0.tallies.of(NEAR_FAMILY),
            redis: redis.clone(),
        })))
    }

    /// What there is of `key` in the version `at_least` or a later one. Whoever asks
    /// has it counted, once for each request, by [`Self::count`].
    pub(super) fn look(&self, key: &str, at_least: Option<Version>) -> Nearby {
        let now = Instant::now();
        let tells = |kept: &Kept| {
            let entry = &kept.entry;
            Some(entry.version) >= at_least && !self.0.redis.was_away_since(entry.computed_at)
        };
        let found = match self.0.copies.look(key, now) {
            Looked::Kept(kept) if tells(&kept) => return Nearby::Kept(kept),
            Looked::Kept(_) | Looked::Old => Found::Stale,
            Looked::Nothing => Found::Miss,
            Looked::Closed => Found::Unavailable,
        };
        Nearby::Ask(self.0.copies.asking(key, now), found)
    }

    /// Counts what came of a request.
    pub(super) fn count(&self, found: Found) {
        self.0.tally.count(found);
    }

    /// Redis has answered with this, which it keeps for so long yet, and which is told
    /// next; whether there is a copy of it now.
    pub(super) fn answered(&self, key: &str, asked: Asked, found: (&Entry, Duration)) -> bool {
        let now = Instant::now();
        self.0.copies.answered(key, asked, found, now)
    }

    /// This version is told next, from wherever: no older one is told afterwards.
    pub(super) fn told(&self, key: &str, version: Version) {
        self.0.copies.told(key, version);
    }

    /// Takes all copies away.
    pub(super) fn drop_all(&self) {
        self.0.copies.drop_all();
    }

    /// Tells the exporter how much there is, and whether it is told.
    fn measure(&self) {
        let open = if self.is_open() { 1.0 } else { 0.0 };
        metrics::gauge!(FOLLOWING).set(open);
        #[expect(clippy::cast_precision_loss, reason = "nobody has so much memory")]
        metrics::gauge!(BYTES).set(self.0.copies.bytes() as f64);
    }

    /// Whether changes are heard of at this moment.
    pub(super) fn is_open(&self) -> bool {
        self.0.copies.is_open(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use metrics_exporter_prometheus::PrometheusBuilder;

    #[test]
    fn a_connection_that_was_lost_before_it_was_there_is_not_followed() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let exported = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            let redis = Redis::new(&Config::default()).expect("a URL");
            let near = Near::new(&redis, "orders", 1_000).expect("copies");
            let follows = |number: u64| {
                let opened = near.0.copies.opened(number, Instant::now());
                near.measure();
                let line = format!("{FOLLOWING} {}\n", u8::from(opened));
                assert!(exported.render().contains(&line), "{line}");
                opened
            };
            near.0.copies.lost(1);
            assert!(!follows(1));
            assert!(follows(2));
        });
    }
}
