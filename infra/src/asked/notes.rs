//! What was asked, in memory until it is written down.

use super::{form::forms, store};
use crate::{clock, lifecycle::error_chain};
use moka::future::Cache;
use sqlx::PgPool;
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::sleep};

/// A question that is asked all the time counts once in this time: how often it is
/// asked is not how many people ask it.
const COUNTED_EACH: Duration = Duration::from_mins(1);
/// Questions that are remembered as counted.
const COUNTED: u64 = 10_000;
/// How long questions gather for one statement.
const GATHER: Duration = Duration::from_secs(2);
/// Forms that gather at most; what comes beyond them is not noted.
const MOST: usize = 2_000;

/// Where questions are noted. Costs who answers a look into memory, and never
/// fails; what cannot be written down is forgotten. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notes {
    counted: Cache<String, ()>,
    gathered: Arc<Gathered>,
}

#[derive(Debug, Default)]
struct Gathered {
    forms: Mutex<BTreeSet<String>>,
    some: Notify,
}

impl Notes {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            counted: Cache::builder()
                .max_capacity(COUNTED)
                .time_to_live(COUNTED_EACH)
                .build(),
            gathered: Arc::default(),
        }
    }

    /// Notes a question that was answered.
    pub async fn note(&self, path: &str, pairs: &[(String, String)]) {
        let forms = forms(path, pairs, clock::now().date());
        let Some(fixed) = forms.first() else { return };
        if !self
            .counted
            .entry_by_ref(fixed)
            .or_insert(())
            .await
            .is_fresh()
        {
            return;
        }
        let mut gathered = self.gathered.lock();
        if gathered.len() < MOST {
            gathered.extend(forms);
            self.gathered.some.notify_one();
        }
    }

    /// Writes down what was noted; never ends.
    pub async fn write_down(self, ops: PgPool) {
        loop {
            self.gathered.some.notified().await;
            sleep(GATHER).await;
            let forms: Vec<String> = std::mem::take(&mut *self.gathered.lock())
                .into_iter()
                .collect();
            if let Err(error) = store::note(&ops, clock::now().date(), &forms).await {
                tracing::debug!(error = error_chain(&error), "asked.not_noted");
            }
        }
    }
}

impl Default for Notes {
    fn default() -> Self {
        Self::new()
    }
}

impl Gathered {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.forms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_asked_all_the_time_counts_once_a_minute() {
        let notes = Notes::new();
        let asked = [("currency".to_owned(), "EUR".to_owned())];
        notes.note("/a", &asked).await;
        let first = std::mem::take(&mut *notes.gathered.lock());
        assert_eq!(first.into_iter().collect::<Vec<_>>(), ["/a?currency=EUR"]);
        notes.note("/a", &asked).await;
        assert!(notes.gathered.lock().is_empty());
        notes.note("/b", &asked).await;
        assert_eq!(notes.gathered.lock().len(), 1);
    }
}
