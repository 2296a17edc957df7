//! Which events are replayed.

use super::args::{Request, TypePattern};
use contracts::LogPosition;
use infra::log::{LogPager, LogReader, StoredEvent};
use std::collections::{BTreeSet, HashMap};

/// Kind of the aggregates whose events are published.
const ORDER: &str = "order";
/// Where the first event of an order, whichever it is, names its platform.
const PLATFORM: [&str; 2] = ["order", "platform"];
/// Orders whose platform is remembered; some 100 bytes each.
const REMEMBERED: usize = 50_000;

/// The filters. An order never changes its platform, which its first event
/// names: it is looked up there, once for each order and page.
pub struct Selection {
    types: Vec<TypePattern>,
    platforms: Vec<String>,
    orders: Vec<String>,
    known: HashMap<String, bool>,
}

impl Selection {
    pub fn new(request: &Request) -> Self {
        Self {
            types: request.types.clone(),
            platforms: request.platforms.clone(),
            orders: request.orders.iter().map(ToString::to_string).collect(),
            known: HashMap::new(),
        }
    }

    /// A pager of what can be of interest: an order is one stream.
    pub fn pager(&self, reader: LogReader, after: LogPosition) -> LogPager {
        let pager = LogPager::new(reader, after);
        match &self.orders[..] {
            [] => pager,
            orders => pager.of(ORDER, orders.to_vec()),
        }
    }

    /// To be called with each page before its events are asked about.
    pub async fn learn(
        &mut self,
        reader: &LogReader,
        page: &[StoredEvent],
    ) -> Result<(), sqlx::Error> {
        if self.platforms.is_empty() {
            return Ok(());
        }
        if self.known.len() > REMEMBERED {
            self.known.clear();
        }
        let orders = page.iter().filter(|event| event.aggregate_type == ORDER);
        let unknown: BTreeSet<&String> = orders
            .map(|event| &event.aggregate_id)
            .filter(|id| !self.known.contains_key(*id))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = unknown.into_iter().cloned().collect();
        for (id, platform) in reader.first_texts(ORDER, &ids, &PLATFORM).await? {
            let wanted = platform.is_some_and(|platform| self.platforms.contains(&platform));
            self.known.insert(id, wanted);
        }
        Ok(())
    }

    /// Whether events of this one's order are wanted.
    pub fn takes_order_of(&self, event: &StoredEvent) -> bool {
        self.platforms.is_empty() || self.known.get(&event.aggregate_id) == Some(&true)
    }

    /// Whether events of this published type are wanted.
    pub fn takes_type(&self, event_type: &str) -> bool {
        self.types.is_empty() || self.types.iter().any(|pattern| pattern.takes(event_type))
    }
}
