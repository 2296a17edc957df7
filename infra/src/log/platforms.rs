//! Which platform an order is of: its first event says so, for ever, and its later
//! events do not repeat it.

use super::{event::StoredEvent, reader::LogReader};
use serde::Deserialize;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// Kind of the aggregates that have a platform.
const ORDER: &str = "order";
/// Where the first event of an order, whichever it is, names it.
const PLATFORM: [&str; 2] = ["order", "platform"];
/// Orders that are remembered; some 100 bytes each.
const REMEMBERED: usize = 50_000;
/// Orders that are asked for at once: each is a page somewhere in the log.
const ASKED: usize = 500;

/// The platforms of some orders, by their ids; none of an order whose first event
/// names none.
pub type PlatformsById = HashMap<String, Option<Arc<str>>>;

/// Platforms of orders, remembered. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct OrderPlatforms(Arc<Mutex<PlatformsById>>);

impl OrderPlatforms {
    /// The platforms of the orders of a page. Those whose first event is in it need
    /// no look-up; few look-ups are for all others that are not known.
    ///
    /// # Errors
    /// When the log does not answer.
    pub async fn of(
        &self,
        reader: &LogReader,
        page: &[StoredEvent],
    ) -> Result<PlatformsById, sqlx::Error> {
        let events = || page.iter().filter(|event| event.aggregate_type == ORDER);
        let orders: BTreeSet<&String> = events().map(|event| &event.aggregate_id).collect();
        let mut found = self.known(&orders);
        // What an order says itself comes before what is remembered.
        let mut learnt = PlatformsById::new();
        for first in events().filter(|event| event.sequence == 1) {
            if let Some(platform) = named_in(first) {
                learnt.insert(first.aggregate_id.clone(), Some(platform));
            }
        }
        let unknown = orders.into_iter();
        let unknown = unknown.filter(|id| !found.contains_key(*id) && !learnt.contains_key(*id));
        let unknown: Vec<String> = unknown.cloned().collect();
        for unknown in unknown.chunks(ASKED) {
            let texts = reader.first_texts(ORDER, unknown, &PLATFORM).await?;
            let texts = texts.into_iter();
            learnt.extend(texts.map(|(id, text)| (id, text.map(Arc::from))));
        }
        self.remember(&learnt);
        found.extend(learnt);
        Ok(found)
    }

    /// Forgets all of them.
    pub fn forget(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn known(&self, orders: &BTreeSet<&String>) -> PlatformsById {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = orders.iter().filter_map(|id| known.get_key_value(*id));
        found
            .map(|(id, platform)| (id.clone(), platform.clone()))
            .collect()
    }

    fn remember(&self, learnt: &PlatformsById) {
        if learnt.is_empty() {
            return;
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > REMEMBERED {
            known.clear();
        }
        let learnt = learnt.iter();
        known.extend(learnt.map(|(id, platform)| (id.clone(), platform.clone())));
    }
}

/// What of a first event is read: the same as [`PLATFORM`].
#[derive(Deserialize)]
struct First {
    order: Named,
}

#[derive(Deserialize)]
struct Named {
    platform: String,
}

/// The platform that an order's first event names.
fn named_in(first: &StoredEvent) -> Option<Arc<str>> {
    let mut payload: HashMap<String, First> = serde_json::from_str(&first.payload).ok()?;
    let first = payload.remove(&first.event_type)?;
    Some(first.order.platform.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Metadata;
    use contracts::LogPosition;
    use time::OffsetDateTime;

    fn first(payload: &str) -> StoredEvent {
        StoredEvent {
            aggregate_type: ORDER.into(),
            aggregate_id: "1".into(),
            sequence: 1,
            event_type: "OrderPlaced".into(),
            event_version: "1".into(),
            payload: payload.into(),
            metadata: Metadata::default(),
            at: LogPosition::START,
            recorded_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_first_event_names_the_platform_whatever_else_it_has() {
        let placed = r#"{"OrderPlaced": {"order": {"lines": [{}], "platform": "web"}, "at": 1}}"#;
        assert_eq!(named_in(&first(placed)).as_deref(), Some("web"));
        for other in [
            r#"{"OrderPlaced": {"order": {}}}"#,
            r#"{"OrderImported": {"order": {"platform": "web"}}}"#,
            r#""OrderPlaced""#,
        ] {
            assert_eq!(named_in(&first(other)), None, "{other}");
        }
    }
}
