//! Cached values that know which state they were computed from; a whole family
//! of them becomes old when a newer state is announced.

use super::{
    Redis, Unavailable,
    family::{Entry, FIELDS, Family, Stored, entry, jittered},
    flight::Flights,
    millis,
    tally::Found,
    version::Version,
};
use redis::Script;
use std::{sync::LazyLock, time::Duration};

/// How old a value may be and still be served although a newer state has been
/// announced: under steady writes each one is then recomputed once a second
/// rather than at each request.
const TOLERATED_AGE: Duration = Duration::from_secs(1);
/// How old such a value may be and still be served while it is recomputed:
/// whoever asks all the time never waits.
const REVALIDATED_AGE: Duration = Duration::from_secs(5);
/// The part of its time after which a value that is still right is recomputed
/// behind the answer, before it expires.
const REVALIDATED_PART: f64 = 0.8;
/// How long an announcement is kept. After a view was made anew from nothing,
/// its versions begin again below the announced one; then this ends that.
const ANNOUNCEMENT_TTL: Duration = Duration::from_hours(1);

/// The old announcement goes first: where Redis is full and does not take the
/// new one, none is there, and nobody vouches for what is cached.
static ANNOUNCE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local old = redis.call('GET', KEYS[1])
         if old and old >= ARGV[1] then return 0 end
         redis.call('DEL', KEYS[1])
         redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
         return 1",
    )
});

/// Values of one family under keys of their own, each valid until a newer
/// state is announced, and never longer than the time to live (± 10 %, so that
/// what was computed together does not expire together).
///
/// `E` is the error of computing a value. Redis never causes one.
pub struct VersionedCache<E: Clone> {
    family: Family,
    ttl: Duration,
    flights: Flights<Result<Entry, E>>,
}

impl<E: Clone> Clone for VersionedCache<E> {
    fn clone(&self) -> Self {
        Self {
            family: self.family.clone(),
            ttl: self.ttl,
            flights: self.flights.clone(),
        }
    }
}

/// Announces that a state has been reached, after its commit: values of
/// `family` that were computed from an older one are recomputed when they are
/// asked for next. Whether it was heard; if not, they live out their time.
pub async fn announce_version(redis: &Redis, family: &str, version: Version) -> bool {
    let mut invocation = ANNOUNCE.prepare_invoke();
    invocation
        .key(announcement(redis, family))
        .arg(version.padded())
        .arg(millis(ANNOUNCEMENT_TTL));
    let announced = redis.script::<u8>(&invocation).await;
    if let Err(error) = &announced {
        tracing::debug!(family, %error, "cache.not_announced");
    }
    announced.is_ok()
}

/// What is to be done with a cached value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Serve,
    ServeAndRecompute,
    Recompute,
}

impl<E: Clone + Send + Sync + 'static> VersionedCache<E> {
    /// A family of values that live for `ttl`.
    pub fn new(redis: Redis, family: &'static str, ttl: Duration) -> Self {
        Self {
            family: Family::new(redis, family),
            ttl,
            flights: Flights::default(),
        }
    }

    /// The value under `key`: the cached one where it is of the announced
    /// state or young, otherwise what `compute` makes of it, once for all who
    /// ask at the same time. With `at_least`, only of that state or a newer
    /// one.
    pub async fn get_or_compute<F, Fut>(
        &self,
        key: &str,
        at_least: Option<Version>,
        compute: F,
    ) -> Result<Entry, E>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<Entry, E>> + Send + 'static,
    {
        let (found, entry) = match self.look_up(key).await {
            Err(_) => (Found::Unavailable, None),
            Ok((None, _)) => (Found::Miss, None),
            Ok((Some(entry), announced)) => match self.verdict(&entry, announced, at_least) {
                Verdict::Serve => (Found::Hit, Some(entry)),
                Verdict::ServeAndRecompute => (Found::Revalidated, Some(entry)),
                Verdict::Recompute => (Found::Stale, None),
            },
        };
        self.family.count(found);
        let Some(entry) = entry else {
            return self.computed(key, at_least, compute).await;
        };
        if found == Found::Revalidated {
            let computation = self.compute_and_put(key, compute());
            if let Some(computation) = self.flights.begin(key, computation) {
                tokio::spawn(computation);
            }
        }
        Ok(entry)
    }

    /// Keeps a value unless a newer one is there already; whether it was kept.
    pub async fn put(&self, key: &str, entry: &Entry) -> Result<bool, Unavailable> {
        self.family.put(key, entry, jittered(self.ttl)).await
    }

    /// The value under `key`, however old its state, and the state that was
    /// announced last.
    pub async fn look_up(
        &self,
        key: &str,
    ) -> Result<(Option<Entry>, Option<Version>), Unavailable> {
        let redis = &self.family.redis;
        let mut both = redis::pipe();
        both.cmd("HMGET")
            .arg(self.family.key(key))
            .arg(FIELDS)
            .cmd("GET")
            .arg(announcement(redis, self.family.name));
        let (stored, announced): (Stored, Option<String>) = redis.pipeline(&both).await?;
        Ok((entry(stored), announced.and_then(|v| v.parse().ok())))
    }

    async fn computed<F, Fut>(
        &self,
        key: &str,
        at_least: Option<Version>,
        compute: F,
    ) -> Result<Entry, E>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<Entry, E>> + Send + 'static,
    {
        loop {
            let (result, joined) = self
                .flights
                .join(key, self.compute_and_put(key, compute()))
                .await;
            match result {
                // It began before we asked, and may have missed what we need.
                Ok(entry) if joined && Some(entry.version) < at_least => {}
                result => return result,
            }
        }
    }

    fn compute_and_put<Fut>(
        &self,
        key: &str,
        computation: Fut,
    ) -> impl Future<Output = Result<Entry, E>> + Send + use<E, Fut>
    where
        Fut: Future<Output = Result<Entry, E>> + Send + 'static,
    {
        let (this, key) = (self.clone(), key.to_owned());
        async move {
            let entry = computation.await?;
            match this.put(&key, &entry).await {
                Ok(true) => Ok(entry),
                Ok(false) => Ok(this.newer_than(entry, &key).await),
                Err(error) => {
                    tracing::debug!(family = this.family.name, %error, "cache.not_kept");
                    Ok(entry)
                }
            }
        }
    }

    /// What is kept instead of a value that was refused as too old: the state
    /// that is told does not go back, whichever server it was read from.
    async fn newer_than(&self, entry: Entry, key: &str) -> Entry {
        match self.look_up(key).await {
            Ok((Some(kept), _)) if kept.version > entry.version => kept,
            _ => entry,
        }
    }

    fn verdict(
        &self,
        entry: &Entry,
        announced: Option<Version>,
        at_least: Option<Version>,
    ) -> Verdict {
        if let Some(version) = at_least {
            return if entry.version >= version {
                Verdict::Serve
            } else {
                Verdict::Recompute
            };
        }
        let age = entry.age();
        match announced {
            Some(version) if entry.version >= version => {
                if age < self.ttl.mul_f64(REVALIDATED_PART) {
                    Verdict::Serve
                } else {
                    Verdict::ServeAndRecompute
                }
            }
            _ if age < TOLERATED_AGE => Verdict::Serve,
            Some(_) if age < REVALIDATED_AGE => Verdict::ServeAndRecompute,
            _ => Verdict::Recompute,
        }
    }
}

fn announcement(redis: &Redis, family: &str) -> String {
    redis.key(&format!("version:{family}"))
}

#[cfg(test)]
mod tests {
    use super::{
        Verdict::{Recompute, Serve, ServeAndRecompute},
        *,
    };
    use crate::config::Config;

    #[test]
    fn a_value_serves_while_its_state_is_the_announced_one_or_it_is_young() {
        let redis = Redis::new(&Config::default()).expect("a URL");
        let cache = VersionedCache::<()>::new(redis, "figures", Duration::from_mins(1));
        let version = |number| Version { build: 1, number };
        let aged = |seconds| {
            let mut entry = Entry::new(version(5), "x");
            entry.computed_at -= Duration::from_secs(seconds);
            entry
        };
        let (older, same, newer) = (Some(version(4)), Some(version(5)), Some(version(6)));
        for (age, announced, at_least, expected) in [
            (0, newer, None, Serve),
            (2, newer, None, ServeAndRecompute),
            (9, newer, None, Recompute),
            (9, same, None, Serve),
            (50, older, None, ServeAndRecompute),
            (0, None, None, Serve),
            // Nobody vouches for it.
            (2, None, None, Recompute),
            (0, newer, newer, Recompute),
            (50, newer, same, Serve),
            (2, None, same, Serve),
        ] {
            let verdict = cache.verdict(&aged(age), announced, at_least);
            assert_eq!(verdict, expected, "{age} s, {announced:?}, {at_least:?}");
        }
    }
}
