//! Which events are replayed.

use super::args::{Request, TypePattern};
use contracts::LogPosition;
use infra::log::{LogPager, LogReader, OrderPlatforms, PlatformsById, StoredEvent};

/// Kind of the aggregates whose events are published.
const ORDER: &str = "order";

/// The filters. An order never changes its platform, which its first event
/// names: it is looked up there, once for each order and page.
pub struct Selection {
    types: Vec<TypePattern>,
    platforms: Vec<String>,
    orders: Vec<String>,
    known: OrderPlatforms,
    /// Of the orders of the page.
    of_page: PlatformsById,
}

impl Selection {
    pub fn new(request: &Request) -> Self {
        Self {
            types: request.types.clone(),
            platforms: request.platforms.clone(),
            orders: request.orders.iter().map(ToString::to_string).collect(),
            known: OrderPlatforms::default(),
            of_page: PlatformsById::new(),
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
        if !self.platforms.is_empty() {
            self.of_page = self.known.of(reader, page).await?;
        }
        Ok(())
    }

    /// Whether events of this one's order are wanted.
    pub fn takes_order_of(&self, event: &StoredEvent) -> bool {
        let platform = self.of_page.get(&event.aggregate_id).cloned().flatten();
        self.platforms.is_empty() || platform.is_some_and(|of| self.wants(&of))
    }

    fn wants(&self, platform: &str) -> bool {
        self.platforms.iter().any(|wanted| wanted == platform)
    }

    /// Whether events of this published type are wanted.
    pub fn takes_type(&self, event_type: &str) -> bool {
        self.types.is_empty() || self.types.iter().any(|pattern| pattern.takes(event_type))
    }
}
