//! Cached documents, each with a version of its own.
//!
//! Whatever Redis says of a document was so at most [`LIFE`] ago: an entry
//! lives no longer than that, counted from before the question was asked that
//! it answers. So a lost announcement is made good by time alone, and nothing
//! has to be cleaned up after a failure of any kind. What was kept before this process
//! saw Redis away is not told at all: meanwhile announcements were lost.

mod several;

use super::{
    Redis, Unavailable,
    family::{Entry, FIELDS, Family, Lives, Stored, entry, jittered, key_of},
    flight::Flights,
    millis,
    near::{Asked, Near, Nearby},
    tally::Found,
    version::Version,
};
use crate::{clock, http::CodedForms};
use actix_web::web::Bytes;
use moka::future::Cache;
use redis::{FromRedisValue, Script};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

/// How long ago a cached document may have been read at most.
pub const LIFE: Duration = Duration::from_secs(5);
/// What an entry lives, before the jitter of a tenth.
const ENTRY_LIFE: Duration = Duration::from_millis(4_500);
/// The age from which on an entry that is asked for is read again behind the
/// answer: one that is asked for all the time never expires.
pub(super) const REVALIDATED_FROM: Duration = Duration::from_millis(2_500);
/// How many keys are remembered as asked for lately.
const LATELY: u64 = 50_000;
/// Keys that one script looks at: the server does nothing else meanwhile.
const ANNOUNCED_AT_ONCE: usize = 500;

/// Forgets what is older than announced, and leaves the version in its place,
/// so that whoever read the older state before does not put it back. A server
/// that is full need not keep that: it has forgotten, which is what matters.
static ANNOUNCE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "for i, key in ipairs(KEYS) do
           local old = redis.call('HGET', key, 'version')
           if not old or old < ARGV[i + 1] then
             redis.call('DEL', key)
             redis.pcall('HSET', key, 'version', ARGV[i + 1])
             redis.pcall('PEXPIRE', key, ARGV[1])
           end
         end",
    )
});

/// Says that documents have these versions now, after the commit that made it
/// so. Later than [`LIFE`] after it nobody needs to be told any more.
pub async fn announce_documents(
    redis: &Redis,
    family: &str,
    changed: &[(String, Version)],
) -> Result<(), Unavailable> {
    for part in changed.chunks(ANNOUNCED_AT_ONCE) {
        let mut invocation = ANNOUNCE.prepare_invoke();
        invocation.arg(millis(LIFE));
        for (key, version) in part {
            invocation.key(key_of(redis, family, key));
            invocation.arg(version.padded());
        }
        redis.script::<()>(&invocation).await?;
    }
    Ok(())
}

/// A document as its reader found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its version.
    pub version: Version,
    /// Itself.
    pub value: Bytes,
    /// Whether it may be kept: false for what there is more to say of than the
    /// cache would.
    pub lasting: bool,
}

/// Documents of one family. One is kept when it is asked for a second time
/// within [`LIFE`]: what is read once costs no write.
///
/// `E` is the error of reading one. Redis never causes one.
pub struct DocumentCache<E: Clone> {
    family: Family,
    flights: Flights<Result<Option<Entry>, E>>,
    /// Those of several documents that are read together.
    joint: Flights<Result<Arc<HashMap<String, Entry>>, E>>,
    lately: Cache<Arc<str>, ()>,
    /// Copies of what Redis has; none where they are not wanted.
    near: Option<Near>,
}

impl<E: Clone> Clone for DocumentCache<E> {
    fn clone(&self) -> Self {
        Self {
            family: self.family.clone(),
            flights: self.flights.clone(),
            joint: self.joint.clone(),
            lately: self.lately.clone(),
            near: self.near.clone(),
        }
    }
}

impl<E: Clone + Send + Sync + 'static> DocumentCache<E> {
    /// A family of documents.
    pub fn new(redis: Redis, family: &'static str) -> Self {
        let lately = Cache::builder()
            .max_capacity(LATELY)
            .time_to_live(LIFE)
            .build();
        Self {
            family: Family::new(redis, family),
            flights: Flights::default(),
            joint: Flights::default(),
            lately,
            near: None,
        }
    }

    /// The same with copies in this process of what is asked for most.
    #[must_use]
    pub fn with_copies(self, near: Option<Near>) -> Self {
        Self { near, ..self }
    }

    /// Takes all copies in this process away.
    pub fn drop_copies(&self) {
        if let Some(near) = &self.near {
            near.drop_all();
        }
    }

    /// The document under `key`, where it is cached in the version `at_least`
    /// or a later one. `read` asks for it, behind an answer that grows old.
    pub async fn find<Fut>(
        &self,
        key: &str,
        at_least: Option<Version>,
        read: impl FnOnce() -> Fut,
    ) -> Option<Entry>
    where
        Fut: Future<Output = Result<Option<Document>, E>> + Send + 'static,
    {
        let asked = match self.nearby(key, at_least) {
            Some((near, Nearby::Kept(kept))) => {
                near.count(Found::Hit);
                return Some(kept.entry.clone());
            }
            Some((near, Nearby::Ask(asked, why))) => {
                near.count(why);
                Some((near, asked))
            }
            None => None,
        };
        // Mostly there is a copy: the rest takes no room until it is needed.
        Box::pin(self.find_in_redis(key, at_least, asked, read)).await
    }

    async fn find_in_redis<Fut>(
        &self,
        key: &str,
        at_least: Option<Version>,
        asked: Option<(&Near, Asked)>,
        read: impl FnOnce() -> Fut,
    ) -> Option<Entry>
    where
        Fut: Future<Output = Result<Option<Document>, E>> + Send + 'static,
    {
        let fetched = if is_open(asked) {
            self.fetch_with_life(key).await
        } else {
            let stored = self.fetch::<Stored>(key, FIELDS).await;
            stored.map(|stored| (stored, Duration::ZERO))
        };
        let Ok((stored, left)) = fetched else {
            self.family.count(Found::Unavailable);
            return None;
        };
        let known = stored.0.is_some();
        let found = entry(stored)
            .filter(|entry| Some(entry.version) >= at_least && self.family.trusts(entry));
        if let Some(entry) = &found {
            answered(key, asked, (entry, left));
        }
        match &found {
            Some(entry) => self.served(key, entry, read),
            None if known => self.family.count(Found::Stale),
            None => self.family.count(Found::Miss),
        }
        found
    }

    /// Like [`Self::find`] for a client that has the document already:
    /// an entry without its value, where its version is one that the client
    /// has. Otherwise the document is to be found next.
    pub async fn confirm<Fut>(
        &self,
        key: &str,
        at_least: Option<Version>,
        has: impl FnOnce(Version) -> bool,
        read: impl FnOnce() -> Fut,
    ) -> Option<Entry>
    where
        Fut: Future<Output = Result<Option<Document>, E>> + Send + 'static,
    {
        let asked = match self.nearby(key, at_least) {
            Some((near, Nearby::Kept(kept))) => {
                // Otherwise it is found next, and counted there.
                let confirmed = has(kept.entry.version);
                return confirmed.then(|| {
                    near.count(Found::Hit);
                    kept.entry.without_value()
                });
            }
            Some((near, Nearby::Ask(asked, why))) => Some((near, asked, why)),
            None => None,
        };
        let to_ask = asked.map(|(near, asked, _)| (near, asked));
        let confirming = self.confirm_in_redis(key, at_least, to_ask, has, read);
        let confirmed = Box::pin(confirming).await?;
        if let Some((near, _, why)) = asked {
            near.count(why);
        }
        Some(confirmed)
    }

    async fn confirm_in_redis<Fut>(
        &self,
        key: &str,
        at_least: Option<Version>,
        asked: Option<(&Near, Asked)>,
        has: impl FnOnce(Version) -> bool,
        read: impl FnOnce() -> Fut,
    ) -> Option<Entry>
    where
        Fut: Future<Output = Result<Option<Document>, E>> + Send + 'static,
    {
        let (stored, left) = if is_open(asked) {
            // All of it, once: the next one who asks needs no Redis.
            self.fetch_with_life(key).await.ok()?
        } else {
            let stored: (Option<String>, Option<i64>) = self.fetch(key, &FIELDS[..2]).await.ok()?;
            ((stored.0, stored.1, Some(Vec::new())), Duration::ZERO)
        };
        let entry = entry(stored)?;
        if Some(entry.version) < at_least || !self.family.trusts(&entry) {
            return None;
        }
        let is_copied = if entry.value.is_empty() {
            self.told(key, entry.version);
            false
        } else {
            answered(key, asked, (&entry, left))
        };
        if has(entry.version) {
            self.served(key, &entry, read);
            return Some(entry.without_value());
        }
        if is_copied {
            // It is found next, in memory; but it was Redis that had it.
            self.family.count(Found::Hit);
        }
        None
    }

    /// What there is of the document in this process, if copies are wanted.
    fn nearby(&self, key: &str, at_least: Option<Version>) -> Option<(&Near, Nearby)> {
        let near = self.near.as_ref()?;
        Some((near, near.look(key, at_least)))
    }

    /// This version is told next, from wherever.
    fn told(&self, key: &str, version: Version) {
        if let Some(near) = &self.near {
            near.told(key, version);
        }
    }

    /// Reads the document, once for all who ask at the same time.
    pub async fn read<Fut>(&self, key: &str, read: Fut) -> Result<Option<Entry>, E>
    where
        Fut: Future<Output = Result<Option<Document>, E>> + Send + 'static,
    {
        let asked = self.lately.entry(key.into()).or_insert(()).await;
        let reading = self.reading(key, read, !asked.is_fresh());
        self.flights.join(key, reading).await.0
    }

    /// Reads the document for somebody who has waited for a change of it: no
    /// reading that began before would do. It is kept, so that nobody who asks
    /// next is told what was before.
    pub async fn read_now<Fut>(&self, key: &str, read: Fut) -> Result<Option<Entry>, E>
    where
        Fut: Future<Output = Result<Option<Document>, E>> + Send + 'static,
    {
        self.reading(key, read, true).await
    }

    fn reading<Fut>(
        &self,
        key: &str,
        read: Fut,
        keep: bool,
    ) -> impl Future<Output = Result<Option<Entry>, E>> + Send + use<E, Fut>
    where
        Fut: Future<Output = Result<Option<Document>, E>> + Send + 'static,
    {
        let (this, key) = (self.clone(), key.to_owned());
        async move {
            let (began, computed_at) = (Instant::now(), clock::now());
            let Some(Document {
                version,
                value,
                lasting,
            }) = read.await?
            else {
                return Ok(None);
            };
            let entry = Entry {
                version,
                computed_at,
                value,
                lasting,
                forms: CodedForms::default(),
            };
            if keep && lasting {
                this.keep(&[(&key, &entry)], began).await;
            }
            this.told(&key, version);
            Ok(Some(entry))
        }
    }

    async fn keep(&self, entries: &[(&str, &Entry)], began: Instant) {
        let left = jittered(ENTRY_LIFE).saturating_sub(began.elapsed());
        if left < Duration::from_millis(1) {
            return;
        }
        let lives = Lives {
            kept: left,
            guards: LIFE,
        };
        if let Err(error) = self.family.put_all(entries, lives).await {
            tracing::debug!(family = self.family.name, %error, "cache.not_kept");
        }
    }

    /// Counts an answer from the cache, and has it read again if it grows old.
    fn served<Fut>(&self, key: &str, entry: &Entry, read: impl FnOnce() -> Fut)
    where
        Fut: Future<Output = Result<Option<Document>, E>> + Send + 'static,
    {
        if entry.age() < REVALIDATED_FROM {
            return self.family.count(Found::Hit);
        }
        self.family.count(Found::Revalidated);
        if let Some(reading) = self.flights.begin(key, self.reading(key, read(), true)) {
            tokio::spawn(reading);
        }
    }

    async fn fetch<T: FromRedisValue>(&self, key: &str, fields: &[&str]) -> Result<T, Unavailable> {
        let mut fetch = redis::cmd("HMGET");
        fetch.arg(self.family.key(key)).arg(fields);
        self.family.redis.command(&fetch).await
    }

    /// All fields, and how long they are kept yet; no time for what never ends.
    async fn fetch_with_life(&self, key: &str) -> Result<(Stored, Duration), Unavailable> {
        let (key, mut fetch) = (self.family.key(key), redis::pipe());
        fetch.cmd("HMGET").arg(&key).arg(FIELDS);
        fetch.cmd("PTTL").arg(&key);
        let (stored, left): (Stored, i64) = self.family.redis.pipeline(&fetch).await?;
        let left = u64::try_from(left).unwrap_or_default();
        Ok((stored, Duration::from_millis(left)))
    }
}

/// Whether what Redis answers may become a copy.
fn is_open(asked: Option<(&Near, Asked)>) -> bool {
    asked.is_some_and(|(near, _)| near.is_open())
}

/// Redis has answered with this, which it keeps for so long yet, and which is told
/// next; whether there is a copy of it now.
fn answered(key: &str, asked: Option<(&Near, Asked)>, found: (&Entry, Duration)) -> bool {
    asked.is_some_and(|(near, asked)| near.answered(key, asked, found))
}
