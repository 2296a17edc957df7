//! Cached values that know which state they were computed from.

use super::{Redis, Unavailable, flight::Flights};
use crate::clock;
use actix_web::web::Bytes;
use redis::Script;
use std::{fmt, str::FromStr, sync::LazyLock, time::Duration};
use time::OffsetDateTime;

/// How old a value may be and still be served although a newer state has been
/// announced: under steady writes each one is then recomputed once a second
/// rather than at each request.
const TOLERATED_AGE: Duration = Duration::from_secs(1);
/// How long an announcement is kept. After a view was made anew from nothing,
/// its versions begin again below the announced one; then this ends that.
const ANNOUNCEMENT_TTL: Duration = Duration::from_hours(1);

/// Never replaces a newer value: of two writers the slower one may hold the
/// older state. Versions have a fixed width, so that text compares as numbers.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local old = redis.call('HGET', KEYS[1], 'version')
         if old and old > ARGV[1] then return 0 end
         redis.call('HSET', KEYS[1], 'version', ARGV[1], 'at', ARGV[2], 'value', ARGV[3])
         redis.call('PEXPIRE', KEYS[1], ARGV[4])
         return 1",
    )
});

static ANNOUNCE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local old = redis.call('GET', KEYS[1])
         if old and old >= ARGV[1] then return 0 end
         redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
         return 1",
    )
});

/// The state that a value was computed from. For a projection: its build, and
/// the sum of its offsets and of what changed rows beside them; for an order:
/// its version and its revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Rises with each rebuild; versions of different builds compare by it.
    pub build: u64,
    /// Rises with each change.
    pub number: u64,
}

impl Version {
    /// Fixed width, so that text compares as the numbers do.
    fn padded(self) -> String {
        format!("{:020}-{:020}", self.build, self.number)
    }
}

/// `<build>-<number>`.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.build, self.number)
    }
}

impl FromStr for Version {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (build, number) = text.split_once('-').ok_or(())?;
        Ok(Self {
            build: build.parse().map_err(|_| ())?,
            number: number.parse().map_err(|_| ())?,
        })
    }
}

/// The fields of an entry as Redis has them: `version`, `at`, `value`.
type Stored = (Option<String>, Option<i64>, Option<Vec<u8>>);

/// A value with the state and the moment it was computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// State.
    pub version: Version,
    /// Moment, by the clock of whoever computed it.
    pub computed_at: OffsetDateTime,
    /// What was computed.
    pub value: Bytes,
}

impl Entry {
    /// A value that was computed just now.
    pub fn new(version: Version, value: impl Into<Bytes>) -> Self {
        Self {
            version,
            computed_at: clock::now(),
            value: value.into(),
        }
    }

    /// How long ago it was computed.
    pub fn age(&self) -> Duration {
        // Another host's clock may be ahead of ours.
        (clock::now() - self.computed_at)
            .try_into()
            .unwrap_or(Duration::ZERO)
    }
}

/// Values of one family under keys of their own, each valid until a newer
/// state is announced, and never longer than the time to live (± 10 %, so that
/// what was computed together does not expire together).
///
/// `E` is the error of computing a value. Redis never causes one.
pub struct VersionedCache<E: Clone> {
    redis: Redis,
    family: &'static str,
    ttl: Duration,
    flights: Flights<Result<Entry, E>>,
}

impl<E: Clone> Clone for VersionedCache<E> {
    fn clone(&self) -> Self {
        Self {
            redis: self.redis.clone(),
            family: self.family,
            ttl: self.ttl,
            flights: self.flights.clone(),
        }
    }
}

/// Announces that a state has been reached, after its commit: values of
/// `family` that were computed from an older one are recomputed when they are
/// asked for next. A failure is harmless: they then live out their time.
pub async fn announce_version(redis: &Redis, family: &str, version: Version) {
    let mut invocation = ANNOUNCE.prepare_invoke();
    invocation
        .key(announcement(redis, family))
        .arg(version.padded())
        .arg(millis(ANNOUNCEMENT_TTL));
    if let Err(error) = redis.script::<u8>(&invocation).await {
        tracing::debug!(family, %error, "cache.not_announced");
    }
}

impl<E: Clone + Send + Sync + 'static> VersionedCache<E> {
    /// A family of values that live for `ttl`.
    pub fn new(redis: Redis, family: &'static str, ttl: Duration) -> Self {
        Self {
            redis,
            family,
            ttl,
            flights: Flights::default(),
        }
    }

    /// The value under `key`: the cached one where it is of the announced
    /// state or under a second old, otherwise what `compute` makes of it, once
    /// for all who ask at the same time. With `at_least`, only of that state or
    /// a newer one.
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
        let found = self.look_up(key).await;
        let result = match &found {
            Err(_) => "unavailable",
            Ok((None, _)) => "miss",
            Ok((Some(entry), announced)) if serves(entry, *announced, at_least) => "hit",
            Ok(_) => "stale",
        };
        metrics::counter!(
            "orderlog_cache_requests_total", "family" => self.family, "result" => result
        )
        .increment(1);
        match found {
            Ok((Some(entry), _)) if result == "hit" => Ok(entry),
            _ => self.computed(key, at_least, compute).await,
        }
    }

    /// Keeps a value unless a newer one is there already; whether it was kept.
    pub async fn put(&self, key: &str, entry: &Entry) -> Result<bool, Unavailable> {
        let at = entry.computed_at.unix_timestamp_nanos() / 1_000_000;
        let mut invocation = PUT.prepare_invoke();
        invocation
            .key(self.key(key))
            .arg(entry.version.padded())
            .arg(i64::try_from(at).unwrap_or_default())
            .arg(&entry.value[..])
            .arg(millis(self.ttl.mul_f64(rand::random_range(0.9..=1.1))));
        Ok(self.redis.script::<u8>(&invocation).await? == 1)
    }

    /// The value under `key`, however old its state, and the state that was
    /// announced last.
    pub async fn look_up(
        &self,
        key: &str,
    ) -> Result<(Option<Entry>, Option<Version>), Unavailable> {
        let mut both = redis::pipe();
        both.cmd("HMGET")
            .arg(self.key(key))
            .arg(&["version", "at", "value"])
            .cmd("GET")
            .arg(announcement(&self.redis, self.family));
        let (stored, announced): (Stored, Option<String>) = self.redis.pipeline(&both).await?;
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
    ) -> impl Future<Output = Result<Entry, E>> + Send + 'static
    where
        Fut: Future<Output = Result<Entry, E>> + Send + 'static,
    {
        let (this, key) = (self.clone(), key.to_owned());
        async move {
            let entry = computation.await?;
            if let Err(error) = this.put(&key, &entry).await {
                tracing::debug!(family = this.family, %error, "cache.not_kept");
            }
            Ok(entry)
        }
    }

    fn key(&self, key: &str) -> String {
        self.redis.key(&format!("cache:{}:{key}", self.family))
    }
}

/// Whether a cached value may be the answer.
fn serves(entry: &Entry, announced: Option<Version>, at_least: Option<Version>) -> bool {
    match at_least {
        Some(version) => entry.version >= version,
        None => {
            announced.is_some_and(|version| entry.version >= version) || entry.age() < TOLERATED_AGE
        }
    }
}

fn entry((version, at, value): (Option<String>, Option<i64>, Option<Vec<u8>>)) -> Option<Entry> {
    let computed_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at?) * 1_000_000);
    Some(Entry {
        version: version?.parse().ok()?,
        computed_at: computed_at.ok()?,
        value: value?.into(),
    })
}

fn announcement(redis: &Redis, family: &str) -> String {
    redis.key(&format!("version:{family}"))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn version(build: u64, number: u64) -> Version {
        Version { build, number }
    }

    #[test]
    fn padded_versions_compare_as_numbers_and_read_back() {
        let (low, high) = (version(1, 99), version(1, 100));
        assert!(low < high && low.padded() < high.padded());
        assert!(high.padded() < version(2, 0).padded());
        assert_eq!(high.padded().parse(), Ok(high));
        assert_eq!(high.to_string().parse(), Ok(high));
    }

    #[test]
    fn a_value_serves_while_its_state_is_the_announced_one_or_it_is_young() {
        let mut entry = Entry::new(version(1, 5), "x");
        assert!(serves(&entry, Some(version(1, 6)), None), "young");
        assert!(!serves(&entry, Some(version(1, 6)), Some(version(1, 6))));
        entry.computed_at -= Duration::from_secs(2);
        assert!(!serves(&entry, Some(version(1, 6)), None));
        assert!(!serves(&entry, None, None), "nobody vouches for it");
        assert!(serves(&entry, Some(version(1, 5)), None));
        assert!(serves(&entry, None, Some(version(1, 5))));
    }
}
