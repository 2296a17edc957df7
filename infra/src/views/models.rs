//! The read models of this release, as their writers and their readers know
//! them. The main table of each has its name, a row for each aggregate, and the
//! columns `id` and `version`.

use contracts::topics::{self, TopicSpec};

/// A read model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadModel {
    /// Name of the projection and of its main table.
    pub name: &'static str,
    /// Kind of aggregate in the log.
    pub aggregate_type: &'static str,
    /// Where its events come from.
    pub topic: TopicSpec,
}

/// Orders.
pub const ORDERS: ReadModel = ReadModel {
    name: super::ORDERS,
    aggregate_type: "order",
    topic: topics::ORDERS,
};

/// Platforms.
pub const PLATFORMS: ReadModel = ReadModel {
    name: "platforms",
    aggregate_type: "platform",
    topic: topics::PLATFORMS,
};

/// Products.
pub const PRODUCTS: ReadModel = ReadModel {
    name: "products",
    aggregate_type: "product",
    topic: topics::CATALOG,
};

/// Shipping zones.
pub const SHIPPING_ZONES: ReadModel = ReadModel {
    name: "shipping_zones",
    aggregate_type: "shipping_zone",
    topic: topics::SHIPPING,
};

/// Shipping methods.
pub const SHIPPING_METHODS: ReadModel = ReadModel {
    name: "shipping_methods",
    aggregate_type: "shipping_method",
    topic: topics::SHIPPING,
};

/// All of them.
pub const ALL: &[ReadModel] = &[
    ORDERS,
    PLATFORMS,
    PRODUCTS,
    SHIPPING_ZONES,
    SHIPPING_METHODS,
];

/// The one with this name.
pub fn named(name: &str) -> Option<&'static ReadModel> {
    ALL.iter().find(|model| model.name == name)
}

/// Those whose events come from a topic, named without the deployment's prefix.
pub fn of_topic(topic: &str) -> impl Iterator<Item = &'static ReadModel> {
    ALL.iter().filter(move |model| model.topic.name == topic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_may_be_read_by_several() {
        let of = |topic| of_topic(topic).map(|model| model.name).collect::<Vec<_>>();
        assert_eq!(of(topics::CATALOG_EVENTS), ["products"]);
        assert_eq!(
            of(topics::SHIPPING_EVENTS),
            ["shipping_zones", "shipping_methods"]
        );
        assert!(of(topics::ORDER_STATE).is_empty());
        for model in ALL {
            assert_eq!(named(model.name), Some(model));
        }
    }
}
