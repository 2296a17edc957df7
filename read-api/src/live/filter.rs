//! What of a feed a client wants.

use super::feed::About;
use infra::http::{Problem, Query, query::invalid};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Most orders that one stream names.
const MOST_ORDERS: usize = 200;

/// Conditions on items; all have to hold, those without values do.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    types: BTreeSet<String>,
    platforms: BTreeSet<String>,
    orders: Vec<Uuid>,
}

impl Filter {
    /// Everything about one order.
    pub fn of_order(order: Uuid) -> Self {
        Self {
            orders: vec![order],
            ..Self::default()
        }
    }

    /// The parameters `platform` and `order`.
    ///
    /// # Errors
    /// 400 for an order that is no id, or too many of them.
    pub fn of(query: &Query) -> Result<Self, Problem> {
        let orders = query.many("order")?.into_iter().map(Uuid::try_parse);
        let orders: Vec<Uuid> = orders
            .collect::<Result<_, _>>()
            .map_err(|_| invalid("order", "must be the id of an order"))?;
        if orders.len() > MOST_ORDERS {
            let detail = format!("names more than {MOST_ORDERS} orders");
            return Err(invalid("order", detail));
        }
        let platforms = query.many("platform")?;
        if platforms.iter().any(|name| name.contains(char::is_control)) {
            return Err(invalid("platform", "may not contain control characters"));
        }
        Ok(Self {
            types: BTreeSet::new(),
            platforms: platforms.into_iter().map(str::to_owned).collect(),
            orders,
        })
    }

    /// The parameter `type` beside them: event types, or beginnings of some and
    /// `*`.
    ///
    /// # Errors
    /// 400 for what no event type is or begins with.
    pub fn with_types(mut self, query: &Query) -> Result<Self, Problem> {
        for pattern in query.many("type")? {
            let beginning = pattern.strip_suffix('*');
            let meant = |name: &&str| match beginning {
                Some(beginning) => name.starts_with(beginning),
                None => *name == pattern,
            };
            let types: Vec<_> = contracts::event_types().filter(meant).collect();
            if types.is_empty() {
                let detail =
                    format!("knows no event type {pattern}: docs/asyncapi.json lists them");
                return Err(invalid("type", detail));
            }
            self.types.extend(types.into_iter().map(str::to_owned));
        }
        Ok(self)
    }

    /// Whether it takes everything.
    pub fn is_everything(&self) -> bool {
        self.types.is_empty() && self.platforms.is_empty() && self.orders.is_empty()
    }

    /// The orders, where only some are wanted.
    pub fn orders(&self) -> &[Uuid] {
        &self.orders
    }

    /// Whether what is about this is wanted.
    pub fn takes(&self, about: &About) -> bool {
        self.takes_event(about.order, &about.event_type, about.platform.as_deref())
    }

    /// Whether an event of this type of this order, which is of this platform,
    /// is wanted.
    pub fn takes_event(&self, order: Uuid, event_type: &str, platform: Option<&str>) -> bool {
        (self.orders.is_empty() || self.orders.contains(&order))
            && (self.types.is_empty() || self.types.contains(event_type))
            && (self.platforms.is_empty()
                || platform.is_some_and(|platform| self.platforms.contains(platform)))
    }
}
