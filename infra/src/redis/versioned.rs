//! Cached values that know which state they were computed from; a whole family
//! of them becomes old when a newer state is announced.

use super::{
    Redis, Unavailable,
    family::{Entry, FIELDS, Family, Lives, Stored, entry, jittered},
    flight::Flights,
    millis,
    tally::Found,
    version::Version,
};
use crate::clock;
use redis::Script;
use std::{sync::LazyLock, time::Duration};

/// How old a value may be and still be served although a newer state has been
/// announced: under steady writes each one is then recomputed once a second
/// rather than at each request.
const TOLERATED_AGE: Duration = Duration::from_secs(1);
/// How old such a value may be and still be served while it is recomputed:
/// whoever asks all the time never waits.
const REVALIDATED_AGE: Duration = Duration::from_secs(5);
/// The part of its time to live after which an announcement alone does not vouch
/// for a value any more: a newer one may have been lost.
const VOUCHED_PART: f64 = 0.8;
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
/// state is announced. For what is older than the time to live, or where nothing is
/// announced, whoever knows the present state is asked for that before it is
/// served: that costs next to nothing, so values may be kept for longer than they
/// are trusted (± 10 %, so that what was computed together does not expire
/// together).
///
/// `E` is the error of computing a value. Redis never causes one.
pub struct VersionedCache<E: Clone> {
    family: Family,
    ttl: Duration,
    kept: Duration,
    flights: Flights<Result<Entry, E>>,
}

/// A value, and what the cache had of it.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The value.
    pub entry: Entry,
    /// Where it comes from.
    pub found: Found,
}

impl<E: Clone> Clone for VersionedCache<E> {
    fn clone(&self) -> Self {
        Self {
            family: self.family.clone(),
            ttl: self.ttl,
            kept: self.kept,
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
    /// Nothing says that it is old, and nothing that it is not.
    Confirm,
    Recompute,
}

impl<E: Clone + Send + Sync + 'static> VersionedCache<E> {
    /// A family of values that live for `ttl`.
    pub fn new(redis: Redis, family: &'static str, ttl: Duration) -> Self {
        Self {
            family: Family::new(redis, family),
            ttl,
            kept: ttl,
            flights: Flights::default(),
        }
    }

    /// The same, which are kept for so long, and served beyond their time to live
    /// once they are confirmed.
    #[must_use]
    pub fn kept_for(self, kept: Duration) -> Self {
        Self { kept, ..self }
    }

    /// The value under `key`: the cached one where it is of the announced
    /// state or young, or where `current` says that its state is the present one;
    /// otherwise what `compute` makes of it, once for all who ask at the same
    /// time. With `at_least`, only of that state or a newer one.
    pub async fn get_or_compute<S, Asking, F, Fut>(
        &self,
        key: &str,
        at_least: Option<Version>,
        current: S,
        compute: F,
    ) -> Result<Answered, E>
    where
        S: FnOnce() -> Asking,
        Asking: Future<Output = Result<Version, E>> + Send + 'static,
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
                Verdict::Confirm => {
                    let confirming = self.confirm_or_compute(key, entry, current(), compute());
                    return self.confirmed(key, confirming).await;
                }
            },
        };
        self.family.count(found);
        let Some(entry) = entry else {
            let entry = self.computed(key, at_least, compute).await?;
            return Ok(Answered { entry, found });
        };
        if found == Found::Revalidated {
            let computation = self.compute_and_put(key, compute());
            if let Some(computation) = self.flights.begin(key, computation) {
                tokio::spawn(computation);
            }
        }
        Ok(Answered { entry, found })
    }

    /// Keeps a value unless a newer one is there already; whether it was kept.
    pub async fn put(&self, key: &str, entry: &Entry) -> Result<bool, Unavailable> {
        let lives = Lives {
            kept: jittered(self.kept),
            guards: self.ttl,
        };
        self.family.put(key, entry, lives).await
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

    /// What comes of asking whether a value is still right: itself, or another one.
    async fn confirmed(
        &self,
        key: &str,
        (version, confirming): (
            Version,
            impl Future<Output = Result<Entry, E>> + Send + 'static,
        ),
    ) -> Result<Answered, E> {
        let result = self.flights.join(key, confirming).await.0;
        let found = match &result {
            Ok(entry) if entry.version == version => Found::Hit,
            _ => Found::Stale,
        };
        self.family.count(found);
        Ok(Answered {
            entry: result?,
            found,
        })
    }

    /// The entry where its state is the present one, else what the computation
    /// makes of it; with the entry's own state.
    fn confirm_or_compute<Asking, Fut>(
        &self,
        key: &str,
        entry: Entry,
        current: Asking,
        computation: Fut,
    ) -> (
        Version,
        impl Future<Output = Result<Entry, E>> + Send + use<E, Asking, Fut>,
    )
    where
        Asking: Future<Output = Result<Version, E>> + Send + 'static,
        Fut: Future<Output = Result<Entry, E>> + Send + 'static,
    {
        let (this, key, version) = (self.clone(), key.to_owned(), entry.version);
        let confirming = async move {
            // It was right at this moment, not when the answer comes.
            let asked_at = clock::now();
            // Whoever cannot say what the state is cannot compute anything either.
            if current.await.ok() != Some(version) {
                return this.compute_and_put(&key, computation).await;
            }
            let entry = Entry {
                computed_at: asked_at,
                ..entry
            };
            let kept = this.family.confirm(&key, &entry, jittered(this.kept)).await;
            if let Err(error) = kept {
                tracing::debug!(family = this.family.name, %error, "cache.not_kept");
            }
            Ok(entry)
        };
        (version, confirming)
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
            _ if age < TOLERATED_AGE => Verdict::Serve,
            Some(version) if entry.version < version => {
                if age < REVALIDATED_AGE {
                    Verdict::ServeAndRecompute
                } else {
                    Verdict::Recompute
                }
            }
            Some(_) if age < self.ttl.mul_f64(VOUCHED_PART) => Verdict::Serve,
            _ => Verdict::Confirm,
        }
    }
}

fn announcement(redis: &Redis, family: &str) -> String {
    redis.key(&format!("version:{family}"))
}

#[cfg(test)]
mod tests {
    use super::{
        Verdict::{Confirm, Recompute, Serve, ServeAndRecompute},
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
            // What was announced since may have been lost.
            (50, older, None, Confirm),
            (500, same, None, Confirm),
            (500, newer, None, Recompute),
            (0, None, None, Serve),
            // Nobody vouches for it.
            (2, None, None, Confirm),
            (0, newer, newer, Recompute),
            (50, newer, same, Serve),
            (2, None, same, Serve),
        ] {
            let verdict = cache.verdict(&aged(age), announced, at_least);
            assert_eq!(verdict, expected, "{age} s, {announced:?}, {at_least:?}");
        }
    }
}
