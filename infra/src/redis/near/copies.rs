//! The copies, and who may be told one. Nothing in here knows of Redis: it is
//! told what is asked, answered and heard, in whichever order that comes.
//!
//! Three things keep an old document from being told:
//! - A copy counts only while its subscription is alive and was heard a moment ago
//!   ([`TRUST`]), and for [`LIFE`] at most. With the subscription all are gone.
//! - An answer becomes a copy only where nothing was heard of its key since it was
//!   asked for, and nobody else was answered: otherwise the message may be about it,
//!   or a later answer may be told already.
//! - Whoever is answered otherwise than by a copy takes an older one away first.
//! - Nobody is told a copy before it was looked at once more whether that is still so.
//!
//! What is remembered of keys is a number for many of them together: where two
//! share it, an answer is not kept that might have been, and nothing else.

use crate::{
    http::CodedForms,
    redis::{documents::REVALIDATED_FROM, family::Entry, millis, version::Version},
};
use moka::{ops::compute::Op, sync::Cache};
use std::{
    hash::{BuildHasher as _, RandomState},
    iter,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering, fence},
    },
    time::{Duration, Instant},
};

/// How long after it was asked for an answer of Redis is told from memory at most.
pub(super) const LIFE: Duration = Duration::from_secs(2);
/// How long after the subscription was seen to be alive copies are told: no change
/// that Redis knows of stays unseen for longer.
pub(super) const TRUST: Duration = Duration::from_secs(1);
/// How long a copy stays in memory that nobody asks for.
const FORGOTTEN: Duration = Duration::from_secs(5);
/// Numbers that are remembered of keys.
const MARKS: usize = 8_192;
/// What a copy takes beside its key and its document, about.
const OVERHEAD: usize = 300;

/// The copies of a process. Whoever makes one looks at its number afterwards, and
/// whoever takes one away raises the number before: fences keep both in that order.
pub(super) struct Copies {
    kept: Cache<Arc<str>, Arc<Kept>>,
    /// Each rises with a message about one of its keys, and with an answer.
    marks: Box<[AtomicU64]>,
    hasher: RandomState,
    /// Rises when all copies are dropped.
    round: AtomicU64,
    link: Mutex<Link>,
    /// Milliseconds after `began`; 0: no copy is told.
    trusted_until: AtomicU64,
    began: Instant,
}

/// Subscriptions, by number: each later one has a higher one.
#[derive(Debug, Default)]
struct Link {
    /// The one that copies are told by; 0: none.
    open: u64,
    /// The last one that is known to be lost.
    lost: u64,
}

/// A copy.
pub(in crate::redis) struct Kept {
    /// The document.
    pub entry: Entry,
    round: u64,
    until: Instant,
    /// Whether it is known that nothing has happened to the key since it was asked
    /// for: nobody is told it before.
    sure: AtomicBool,
}

/// That something is asked for, and what was known of it then.
#[derive(Debug, Clone, Copy)]
pub(in crate::redis) struct Asked {
    place: usize,
    mark: u64,
    round: u64,
    at: Instant,
}

/// An answer that is to become a copy.
struct Claim {
    place: usize,
    /// What is remembered of the key as long as nothing happens to it.
    next: u64,
    kept: Arc<Kept>,
}

/// What there is of a key.
pub(super) enum Looked {
    /// A copy that may be told.
    Kept(Arc<Kept>),
    /// One that may not be told any more.
    Old,
    /// None.
    Nothing,
    /// Nobody would hear of a change.
    Closed,
}

impl Copies {
    /// Copies of so many bytes, about.
    pub fn new(bytes: u64) -> Self {
        let kept = Cache::builder()
            .max_capacity(bytes)
            .weigher(|key: &Arc<str>, kept: &Arc<Kept>| {
                // Its codings take as much as itself, at most.
                let bytes = 2 * kept.entry.value.len() + 2 * key.len() + OVERHEAD;
                u32::try_from(bytes).unwrap_or(u32::MAX)
            })
            .time_to_live(FORGOTTEN)
            .build();
        Self {
            kept,
            marks: iter::repeat_with(AtomicU64::default).take(MARKS).collect(),
            hasher: RandomState::new(),
            round: AtomicU64::new(1),
            link: Mutex::default(),
            trusted_until: AtomicU64::new(0),
            began: Instant::now(),
        }
    }

    /// What there is of `key` at this moment.
    pub fn look(&self, key: &str, now: Instant) -> Looked {
        if !self.is_open(now) {
            return Looked::Closed;
        }
        match self.kept.get(key).filter(|kept| kept.is_sure()) {
            None => Looked::Nothing,
            Some(kept) if self.counts(&kept, now) => Looked::Kept(kept),
            Some(_) => Looked::Old,
        }
    }

    /// Before Redis is asked for `key`: what [`Self::answered`] needs.
    pub fn asking(&self, key: &str, now: Instant) -> Asked {
        let place = self.place(key);
        Asked {
            place,
            mark: self.marks[place].load(Ordering::SeqCst),
            round: self.round.load(Ordering::SeqCst),
            at: now,
        }
    }

    /// Redis has answered with this, which it keeps for so long yet, and which is told
    /// next. It becomes a copy where nothing has happened meanwhile; whether it has.
    pub fn answered(
        &self,
        key: &str,
        asked: Asked,
        (entry, left): (&Entry, Duration),
        now: Instant,
    ) -> bool {
        self.claim(key, asked, (entry, left), now)
            .is_some_and(|claim| {
                self.put(key, &claim, now);
                self.settle(key, &claim)
            })
    }

    /// The copy that an answer is to become, unless something has happened meanwhile.
    fn claim(
        &self,
        key: &str,
        asked: Asked,
        (entry, left): (&Entry, Duration),
        now: Instant,
    ) -> Option<Claim> {
        let mark = &self.marks[asked.place];
        let next = asked.mark.wrapping_add(1);
        let first = mark.compare_exchange(asked.mark, next, Ordering::SeqCst, Ordering::SeqCst);
        // What is older is left to Redis, which has it read again behind the answer: a
        // lost announcement is made good no later than without copies. Its age is by the
        // clock of another host, what Redis keeps it for is not.
        let young = REVALIDATED_FROM.saturating_sub(entry.age());
        let left = young.min(left).min(LIFE);
        if first.is_err() || left.is_zero() || !self.is_open(now) {
            self.told(key, entry.version);
            return None;
        }
        let kept = Arc::new(Kept {
            entry: Entry {
                forms: CodedForms::of(&entry.value),
                ..entry.clone()
            },
            round: asked.round,
            until: asked.at + left,
            sure: AtomicBool::new(false),
        });
        Some(Claim {
            place: asked.place,
            next,
            kept,
        })
    }

    /// Puts a copy where whoever changes the key finds it; nobody is told it yet. It
    /// may take a while, as others are thrown out for it.
    fn put(&self, key: &str, claim: &Claim, now: Instant) {
        let version = claim.kept.entry.version;
        self.kept
            .entry(key.into())
            .and_compute_with(|there| match there {
                Some(there) if self.is_newer(there.value(), version, now) => Op::Nop,
                _ => Op::Put(Arc::clone(&claim.kept)),
            });
    }

    /// Lets a copy be told, unless something has happened since it was asked for;
    /// whether it may be.
    fn settle(&self, key: &str, claim: &Claim) -> bool {
        // Whoever has changed the number meanwhile may have looked for a copy before
        // there was one; whoever changes it from now on finds it.
        fence(Ordering::SeqCst);
        let still = self.marks[claim.place].load(Ordering::SeqCst) == claim.next;
        if still {
            claim.kept.sure.store(true, Ordering::SeqCst);
        } else {
            self.kept.invalidate(key);
        }
        still
    }

    /// Somebody is told this version next, wherever it comes from: nobody is told
    /// an older one afterwards.
    pub fn told(&self, key: &str, version: Version) {
        self.rise(key);
        // Locks, so only where there is one.
        let older = |kept: &Kept| kept.entry.version < version;
        if self.kept.get(key).is_some_and(|kept| older(&kept)) {
            self.kept
                .entry(key.into())
                .and_compute_with(|there| match there {
                    Some(there) if older(there.value()) => Op::Remove,
                    _ => Op::Nop,
                });
        }
    }

    /// Something has happened to `key`; whether there was a copy.
    pub fn changed(&self, key: &str) -> bool {
        self.rise(key);
        self.kept.remove(key).is_some()
    }

    /// Nothing that is there, or asked for, is told any more.
    pub fn drop_all(&self) {
        self.round.fetch_add(1, Ordering::SeqCst);
        self.kept.invalidate_all();
    }

    /// This subscription is there, as it was at a moment; whether it still is.
    pub fn opened(&self, number: u64, at: Instant) -> bool {
        let mut link = self.link();
        if number <= link.lost.max(link.open) {
            return false;
        }
        link.open = number;
        // What was heard of before it is nothing to go by.
        self.drop_all();
        self.trust(at);
        true
    }

    /// It was still there at a moment: whatever was to be heard by then was heard.
    pub fn confirmed(&self, number: u64, at: Instant) {
        let link = self.link();
        if link.open == number {
            self.trust(at);
        }
    }

    /// It is gone; whether it was there.
    pub fn lost(&self, number: u64) -> bool {
        let mut link = self.link();
        link.lost = link.lost.max(number);
        let was_open = link.open == number;
        if was_open {
            link.open = 0;
            self.trusted_until.store(0, Ordering::SeqCst);
            self.drop_all();
        }
        was_open
    }

    /// Whether copies are told at this moment.
    pub fn is_open(&self, now: Instant) -> bool {
        self.millis(now) < self.trusted_until.load(Ordering::SeqCst)
    }

    /// Bytes of all copies, about, once those are out that do not count any more.
    pub fn bytes(&self) -> u64 {
        self.kept.run_pending_tasks();
        self.kept.weighted_size()
    }

    fn counts(&self, kept: &Kept, now: Instant) -> bool {
        now < kept.until && kept.round == self.round.load(Ordering::SeqCst)
    }

    fn is_newer(&self, kept: &Kept, version: Version, now: Instant) -> bool {
        kept.is_sure() && kept.entry.version > version && self.counts(kept, now)
    }

    fn rise(&self, key: &str) {
        self.marks[self.place(key)].fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    fn place(&self, key: &str) -> usize {
        let all = self.marks.len() as u64;
        usize::try_from(self.hasher.hash_one(key) % all).unwrap_or_default()
    }

    fn trust(&self, at: Instant) {
        let until = self.millis(at + TRUST);
        self.trusted_until.fetch_max(until, Ordering::SeqCst);
    }

    fn millis(&self, moment: Instant) -> u64 {
        millis(moment.saturating_duration_since(self.began))
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn is_sure(&self) -> bool {
        self.sure.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests;
