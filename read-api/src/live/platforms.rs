//! Which platform an order is of: its first event says so, for ever.

use crate::log::ORDER;
use infra::log::{LogReader, StoredEvent};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// Where the first event of an order names its platform.
const PLATFORM: [&str; 2] = ["order", "platform"];
/// Orders that are remembered; some 100 bytes each.
const REMEMBERED: usize = 50_000;

/// Platforms of orders, remembered. Cheap to clone.
#[derive(Clone, Default)]
pub struct Platforms(Arc<Mutex<HashMap<String, Option<Arc<str>>>>>);

impl Platforms {
    /// The platforms of the orders of a page; one look-up for those that are not
    /// known.
    pub async fn of(
        &self,
        reader: &LogReader,
        page: &[StoredEvent],
    ) -> Result<HashMap<String, Option<Arc<str>>>, sqlx::Error> {
        let orders = page.iter().filter(|event| event.aggregate_type == ORDER);
        let orders: BTreeSet<&String> = orders.map(|event| &event.aggregate_id).collect();
        let mut found = self.known(&orders);
        let unknown = orders.into_iter().filter(|id| !found.contains_key(*id));
        let unknown: Vec<String> = unknown.cloned().collect();
        if unknown.is_empty() {
            return Ok(found);
        }
        let texts = reader.first_texts(ORDER, &unknown, &PLATFORM).await?;
        let texts = texts.into_iter();
        let learnt: HashMap<_, _> = texts.map(|(id, text)| (id, text.map(Arc::from))).collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > REMEMBERED {
            known.clear();
        }
        known.extend(learnt.clone());
        found.extend(learnt);
        Ok(found)
    }

    fn known(&self, orders: &BTreeSet<&String>) -> HashMap<String, Option<Arc<str>>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = orders.iter().filter_map(|id| known.get_key_value(*id));
        found
            .map(|(id, platform)| (id.clone(), platform.clone()))
            .collect()
    }
}
