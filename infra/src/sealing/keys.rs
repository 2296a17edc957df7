//! The keys of subjects: looked up and made in batches, kept for seconds.

use super::{
    data_key::{DataKey, KeyId},
    error::{CryptoError, KeyProblem, KeysUnavailable},
    master::MasterKey,
    metrics, store,
};
use crate::joined::Joined;
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

/// How long a key is kept in memory. With the time that loading takes, a
/// deletion is effective in every process within five seconds.
const AGE: Duration = Duration::from_millis(4_500);
/// Keys kept per process.
const ENTRIES: u64 = 100_000;

/// A subject's key, opened, or why it cannot be.
pub(super) type Key = Result<Arc<DataKey>, KeyProblem>;
/// The keys that were found, by subject.
type Batch = Result<Arc<HashMap<Uuid, Key>>, KeysUnavailable>;

/// What a sealed form was sealed under: the key of a subject, which may not be
/// its present one.
pub(super) type Wanted = (Uuid, KeyId);

/// The keys that something readable was opened with or is sealed under: while
/// all of them are there, nothing of it is erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysUsed(pub(super) BTreeSet<Wanted>);

impl KeysUsed {
    /// Whether nothing personal is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of these is the key of a subject of whom `earlier` has another:
    /// that one was deleted, and what was read with it must not be written again.
    pub fn replace_some_of(&self, earlier: &Self) -> bool {
        let same = |(subject, _): &&Wanted, other: &Wanted| other.0 == *subject;
        let replaced = |one: &Wanted| {
            let others = earlier.0.iter().filter(|other| same(other, one));
            others.into_iter().any(|other| other.1 != one.1)
        };
        self.0.iter().any(replaced)
    }

    /// Takes in those of more events.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

/// Keys, in memory and in the database.
pub(super) struct Keys {
    present: Cache<Uuid, Arc<DataKey>>,
    /// Keys that were deleted. A deleted key never comes back, so only the
    /// very key is remembered as gone, never its subject: that one may have a
    /// new key a moment later.
    gone: Cache<Wanted, ()>,
    loads: Joined<Uuid, Batch>,
    makes: Joined<Uuid, Batch>,
}

impl Keys {
    pub fn new(ops: PgPool, master: MasterKey) -> Self {
        let present = Cache::builder()
            .max_capacity(ENTRIES)
            .time_to_live(AGE)
            .build();
        let gone = Cache::builder()
            .max_capacity(ENTRIES)
            .time_to_live(AGE)
            .build();
        let database = Arc::new(Database {
            ops,
            master,
            present: present.clone(),
        });
        let loading = Arc::clone(&database);
        Self {
            present,
            gone,
            loads: Joined::start(1, move |subjects| Arc::clone(&loading).load(subjects)),
            makes: Joined::start(1, move |subjects| Arc::clone(&database).make(subjects)),
        }
    }

    /// Puts a key into memory that no database has.
    #[cfg(test)]
    pub async fn remember(&self, subject: Uuid, key: Arc<DataKey>) {
        self.present.insert(subject, key).await;
    }

    /// These keys, with one query at most; a key that is not among the answers
    /// is deleted. That verdict is always the database's own, asked after the
    /// question: what memory says about another key of a subject is no answer.
    pub async fn find(
        &self,
        wanted: &BTreeSet<Wanted>,
    ) -> Result<HashMap<Wanted, Key>, KeysUnavailable> {
        let (mut found, mut unknown) = (HashMap::new(), Vec::new());
        for &(subject, id) in wanted {
            match self.present.get(&subject).await {
                Some(key) if key.id == id => {
                    found.insert((subject, id), Ok(key));
                }
                _ if self.gone.contains_key(&(subject, id)) => {}
                _ => unknown.push((subject, id)),
            }
        }
        if unknown.is_empty() {
            return Ok(found);
        }
        let subjects = unknown.iter().map(|(subject, _)| *subject).collect();
        let loaded = self.loads.ask(subjects).await;
        let loaded = loaded.unwrap_or(Err(KeysUnavailable::Stopped))?;
        for (subject, id) in unknown {
            match loaded.get(&subject) {
                Some(Ok(key)) if key.id == id => {
                    found.insert((subject, id), Ok(Arc::clone(key)));
                }
                Some(Err(problem)) => {
                    found.insert((subject, id), Err(problem.clone()));
                }
                Some(Ok(_)) | None => self.gone.insert((subject, id), ()).await,
            }
        }
        Ok(found)
    }

    /// The present keys of these subjects, made where there are none.
    pub async fn obtain(
        &self,
        subjects: &HashSet<Uuid>,
    ) -> Result<HashMap<Uuid, Key>, KeysUnavailable> {
        let (mut obtained, mut unknown) = (HashMap::new(), Vec::new());
        for subject in subjects {
            match self.present.get(subject).await {
                Some(key) => {
                    obtained.insert(*subject, Ok(key));
                }
                None => unknown.push(*subject),
            }
        }
        if unknown.is_empty() {
            return Ok(obtained);
        }
        let made = self.makes.ask(unknown.clone()).await;
        let made = made.unwrap_or(Err(KeysUnavailable::Stopped))?;
        for subject in unknown {
            let key = made.get(&subject);
            let key = key.ok_or(KeysUnavailable::Deleted { subject })?;
            obtained.insert(subject, key.clone());
        }
        Ok(obtained)
    }
}

/// What the batches work with.
struct Database {
    ops: PgPool,
    master: MasterKey,
    present: Cache<Uuid, Arc<DataKey>>,
}

impl Database {
    async fn load(self: Arc<Self>, subjects: Vec<Uuid>) -> Batch {
        metrics::loaded();
        self.opened(&subjects).await
    }

    /// Whoever of two processes comes first has made the key for both.
    async fn make(self: Arc<Self>, subjects: Vec<Uuid>) -> Batch {
        let (mut fresh, mut wrapped) = (Vec::new(), Vec::new());
        for subject in &subjects {
            let (key, sealed) = self.fresh(*subject).map_err(KeysUnavailable::Crypto)?;
            fresh.push((*subject, key));
            wrapped.push((*subject, sealed));
        }
        let made = store::insert(&self.ops, self.master.id(), &wrapped).await;
        let made = made.map_err(away)?;
        metrics::made(made);
        // Of some there were keys: what the database says last of all of them is what
        // counts, as one of ours may be deleted while the others are looked up.
        if usize::try_from(made) != Ok(subjects.len()) {
            return self.opened(&subjects).await;
        }
        let mut keys = HashMap::with_capacity(fresh.len());
        for (subject, key) in fresh {
            self.present.insert(subject, Arc::clone(&key)).await;
            keys.insert(subject, Ok(key));
        }
        Ok(Arc::new(keys))
    }

    /// A key, and the same wrapped.
    fn fresh(&self, subject: Uuid) -> Result<(Arc<DataKey>, Vec<u8>), CryptoError> {
        let bytes = DataKey::random()?;
        let wrapped = self.master.wrap(subject, &bytes)?;
        Ok((Arc::new(DataKey::new(&bytes)?), wrapped))
    }

    async fn opened(&self, subjects: &[Uuid]) -> Batch {
        let stored = store::load(&self.ops, subjects).await.map_err(away)?;
        let mut keys = HashMap::with_capacity(stored.len());
        for wrapped in stored {
            let key = self.master.unwrap(&wrapped).map(Arc::new);
            if let Ok(key) = &key {
                self.present.insert(wrapped.subject, Arc::clone(key)).await;
            }
            keys.insert(wrapped.subject, key);
        }
        Ok(Arc::new(keys))
    }
}

fn away(error: sqlx::Error) -> KeysUnavailable {
    KeysUnavailable::Database(Arc::new(error))
}
