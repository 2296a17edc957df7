//! What is kept of a family of values: each under a key of its own, a hash of
//! `version`, `at` and `value`. Where only a version is known, the last two are
//! missing.

use super::{
    Redis, Unavailable, millis,
    tally::{Found, Tally},
    version::Version,
};
use crate::{clock, http::CodedForms};
use actix_web::web::Bytes;
use redis::Script;
use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};
use time::OffsetDateTime;

/// Never replaces a newer value: of two writers the slower one may hold the
/// older state. Versions have a fixed width, so that text compares as numbers.
/// One that nobody has vouched for in a while keeps nothing away: where views were
/// made anew from nothing, versions begin again below it. Answers how many were
/// kept.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local kept = 0
         for i, key in ipairs(KEYS) do
           local version, at, value = ARGV[3 * i], ARGV[3 * i + 1], ARGV[3 * i + 2]
           local old = redis.call('HMGET', key, 'version', 'at')
           if not old[1] or old[1] <= version
              or (old[2] and old[2] + ARGV[2] <= tonumber(at)) then
             redis.call('HSET', key, 'version', version, 'at', at, 'value', value)
             redis.call('PEXPIRE', key, ARGV[1])
             kept = kept + 1
           end
         end
         return kept",
    )
});

/// Says that a value is still that of the present state, as long as it is the one
/// that was meant.
static CONFIRM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
         redis.call('HSET', KEYS[1], 'at', ARGV[2])
         redis.call('PEXPIRE', KEYS[1], ARGV[3])
         return 1",
    )
});

/// How long a value counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lives {
    /// How long it is kept, about.
    pub kept: Duration,
    /// How long it keeps older ones away.
    pub guards: Duration,
}

/// A value with the state and the moment it was computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// State.
    pub version: Version,
    /// Moment, by the clock of whoever computed it, or has found out that it is
    /// still that of the state.
    pub computed_at: OffsetDateTime,
    /// What was computed.
    pub value: Bytes,
    /// Whether it is kept: false for what its reader would not have kept.
    pub lasting: bool,
    /// Its codings, where they are kept beside it in this process.
    pub forms: CodedForms,
}

impl Entry {
    /// A value that was computed just now.
    pub fn new(version: Version, value: impl Into<Bytes>) -> Self {
        Self {
            version,
            computed_at: clock::now(),
            value: value.into(),
            lasting: true,
            forms: CodedForms::default(),
        }
    }

    /// The same for somebody who has the value.
    pub(super) fn without_value(&self) -> Self {
        Self {
            value: Bytes::new(),
            forms: CodedForms::default(),
            ..*self
        }
    }

    /// How long ago it was computed.
    pub fn age(&self) -> Duration {
        age(self.computed_at)
    }
}

/// How long ago a value was computed.
pub(super) fn age(computed_at: OffsetDateTime) -> Duration {
    // Another host's clock may be ahead of ours.
    (clock::now() - computed_at)
        .try_into()
        .unwrap_or(Duration::ZERO)
}

/// The fields of a key as Redis has them: `version`, `at`, `value`.
pub(super) type Stored = (Option<String>, Option<i64>, Option<Vec<u8>>);

/// The names of these fields.
pub(super) const FIELDS: &[&str] = &["version", "at", "value"];

/// What the fields are the entry of; none where there is no value.
pub(super) fn entry((version, at, value): Stored) -> Option<Entry> {
    Some(Entry {
        version: version?.parse().ok()?,
        computed_at: moment(at?)?,
        value: value?.into(),
        lasting: true,
        forms: CodedForms::default(),
    })
}

/// A moment as it is stored: milliseconds since 1970.
fn moment(at: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).ok()
}

pub(super) fn stored_moment(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}

/// One family on one server. Cheap to clone.
#[derive(Clone)]
pub(super) struct Family {
    pub redis: Redis,
    pub name: &'static str,
    tally: Arc<Tally>,
}

impl Family {
    pub fn new(redis: Redis, name: &'static str) -> Self {
        let tally = redis.0.tallies.of(name);
        Self { redis, name, tally }
    }

    pub fn key(&self, key: &str) -> String {
        key_of(&self.redis, self.name, key)
    }

    /// Whether an entry may still be told: none of before the server was away.
    pub fn trusts(&self, entry: &Entry) -> bool {
        !self.redis.was_away_since(entry.computed_at)
    }

    pub fn count(&self, found: Found) {
        self.tally.count(found);
    }

    /// Keeps a value unless a newer one is there already; whether it was kept.
    pub async fn put(&self, key: &str, entry: &Entry, lives: Lives) -> Result<bool, Unavailable> {
        Ok(self.put_all(&[(key, entry)], lives).await? == 1)
    }

    /// The same for several, in one round trip; how many were kept.
    pub async fn put_all(
        &self,
        entries: &[(&str, &Entry)],
        lives: Lives,
    ) -> Result<u32, Unavailable> {
        let mut invocation = PUT.prepare_invoke();
        invocation.arg(millis(lives.kept)).arg(millis(lives.guards));
        for (key, entry) in entries {
            invocation
                .key(self.key(key))
                .arg(entry.version.padded())
                .arg(stored_moment(entry.computed_at))
                .arg(&entry.value[..]);
        }
        self.redis.script(&invocation).await
    }

    /// Keeps the value that is there for another `kept`, about, as one of the
    /// entry's moment; nothing happens where it is another one by now.
    pub async fn confirm(
        &self,
        key: &str,
        entry: &Entry,
        kept: Duration,
    ) -> Result<(), Unavailable> {
        let mut invocation = CONFIRM.prepare_invoke();
        invocation
            .key(self.key(key))
            .arg(entry.version.padded())
            .arg(stored_moment(entry.computed_at))
            .arg(millis(kept));
        self.redis.script::<u8>(&invocation).await?;
        Ok(())
    }
}

/// The full name of a cached value's key.
pub(super) fn key_of(redis: &Redis, family: &str, key: &str) -> String {
    redis.key(&format!("cache:{family}:{key}"))
}

/// A time to live, ± 10 %: what was computed together does not expire together.
pub(super) fn jittered(life: Duration) -> Duration {
    life.mul_f64(rand::random_range(0.9..=1.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether lives are within a tenth of `LIFE`, and all over that: each
    /// twentieth of the range has its share of them, or half of it.
    fn are_spread(made: impl Fn(Duration) -> Duration) -> bool {
        const LIFE: Duration = Duration::from_secs(1_000);
        const MANY: usize = 4_000;
        let mut parts = [0; 20];
        for _ in 0..MANY {
            let Some(more) = made(LIFE).checked_sub(LIFE.mul_f64(0.9)) else {
                return false;
            };
            let part = usize::try_from(more.as_secs() / 10).unwrap_or(usize::MAX);
            // The last moment of the range.
            let part = if more == LIFE.mul_f64(0.2) { 19 } else { part };
            let Some(part) = parts.get_mut(part) else {
                return false;
            };
            *part += 1;
        }
        parts.iter().all(|part| *part > MANY / parts.len() / 2)
    }

    /// What was kept at once does not have to be computed at once; and it would
    /// be noticed if it did.
    #[test]
    fn lives_are_spread_over_a_tenth_either_way() {
        assert!(are_spread(jittered));
        assert!(!are_spread(|life| life));
        assert!(!are_spread(
            |life| life.mul_f64(rand::random_range(0.95..=1.05))
        ));
        assert!(!are_spread(
            |life| life.mul_f64(rand::random_range(0.8..=1.2))
        ));
    }
}
