//! Several documents at once: one round trip to Redis, and one reading of all
//! that it does not have.

use super::{Document, DocumentCache};
use crate::{
    clock,
    http::CodedForms,
    redis::{
        family::{Entry, FIELDS, Stored, entry},
        tally::Found,
    },
};
use std::{collections::HashMap, sync::Arc, time::Instant};

impl<E: Clone + Send + Sync + 'static> DocumentCache<E> {
    /// The documents under these keys, as far as they are cached. None of them is
    /// read again behind the answer: what is asked for all the time is read once
    /// in a life of its entry.
    pub async fn find_all(&self, keys: &[String]) -> HashMap<String, Entry> {
        if keys.is_empty() {
            return HashMap::new();
        }
        let mut fetch = redis::pipe();
        for key in keys {
            fetch.cmd("HMGET").arg(self.family.key(key)).arg(FIELDS);
        }
        let fetched = self.family.redis.pipeline::<Vec<Stored>>(&fetch).await;
        let Ok(stored) = fetched else {
            for _ in keys {
                self.family.count(Found::Unavailable);
            }
            return HashMap::new();
        };
        let mut found = HashMap::with_capacity(keys.len());
        for (key, stored) in keys.iter().zip(stored) {
            let known = stored.0.is_some();
            match entry(stored).filter(|entry| self.family.trusts(entry)) {
                Some(entry) => {
                    self.family.count(Found::Hit);
                    self.told(key, entry.version);
                    found.insert(key.clone(), entry);
                }
                None if known => self.family.count(Found::Stale),
                None => self.family.count(Found::Miss),
            }
        }
        found
    }

    /// Reads these documents together, once for all who ask for the same ones at
    /// the same time; by key, as far as there are any. Each is kept if it was
    /// asked for lately, alone or together with others.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn read_all<Fut>(
        &self,
        keys: &[String],
        read: Fut,
    ) -> Result<Arc<HashMap<String, Entry>>, E>
    where
        Fut: Future<Output = Result<HashMap<String, Document>, E>> + Send + 'static,
    {
        let mut again = Vec::new();
        for key in keys {
            let asked = self.lately.entry(key.as_str().into()).or_insert(()).await;
            if !asked.is_fresh() {
                again.push(key.clone());
            }
        }
        // No key has a control character.
        let all = keys.join("\u{1f}");
        let reading = self.clone().reading_all(read, again);
        self.joint.join(&all, reading).await.0
    }

    /// Reads documents, and keeps those with these keys.
    async fn reading_all<Fut>(
        self,
        read: Fut,
        kept: Vec<String>,
    ) -> Result<Arc<HashMap<String, Entry>>, E>
    where
        Fut: Future<Output = Result<HashMap<String, Document>, E>> + Send,
    {
        let (began, computed_at) = (Instant::now(), clock::now());
        let read = read.await?.into_iter();
        let entries = read.map(|(key, document)| {
            let Document {
                version,
                value,
                lasting,
            } = document;
            let entry = Entry {
                version,
                computed_at,
                value,
                lasting,
                forms: CodedForms::default(),
            };
            (key, entry)
        });
        let entries: HashMap<String, Entry> = entries.collect();
        let kept = kept.iter().filter_map(|key| {
            let entry = entries.get(key).filter(|entry| entry.lasting)?;
            Some((key.as_str(), entry))
        });
        let kept: Vec<_> = kept.collect();
        if !kept.is_empty() {
            self.keep(&kept, began).await;
        }
        drop(kept);
        for (key, entry) in &entries {
            self.told(key, entry.version);
        }
        Ok(Arc::new(entries))
    }
}
