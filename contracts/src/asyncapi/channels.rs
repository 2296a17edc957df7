//! Topics as channels, and what Orderlog does with them.

use super::BINDING_VERSION;
use crate::topics::{
    CATALOG_EVENTS, ORDER_EVENTS, ORDER_EVENTS_OF_PLATFORM, ORDER_STATE, PLATFORM_EVENTS,
    RELAY_PROGRESS, SHIPPING_EVENTS, TopicSpec,
};
use serde_json::{Map, Value, json};

/// Who a topic is for: its name as a tag, and what that means.
pub(super) type Audience = (&'static str, &'static str);

/// Topics that integrators read.
pub(super) const PUBLIC: Audience = ("public", "For integrators: a contract.");
/// Topics that only Orderlog reads.
pub(super) const INTERNAL: Audience = (
    "internal",
    "Orderlog's own: may change with any release, not to be relied on.",
);

/// What is told about a topic beyond its shape.
pub(super) struct About {
    topic: &'static str,
    title: &'static str,
    description: &'static str,
    audience: Audience,
    /// Name of what Orderlog does with it.
    pub operation: &'static str,
    summary: &'static str,
}

/// The channel of the topics that platforms may have of their own; its address has
/// the platform in it.
pub(super) const OF_PLATFORM: About = About {
    topic: "orders.events.v1.platform",
    title: "Order events of one platform",
    description: "Everything that happened to every order of one platform, kept for ever: what \
        `orders.events.v1` has of it, record for record with the same key, headers (`ce_position` \
        too), data and partition, in the same order per order. Only for platforms that the \
        deployment names (`kafka_platform_topics`), for integrators who are to see no other. One \
        that is named later begins with the first event of its first order. Written in the Kafka \
        transactions of `orders.events.v1`: read with `isolation.level=read_committed`, and each \
        event is there exactly once.",
    audience: PUBLIC,
    operation: "publishOrderEventsOfPlatform",
    summary: "Orderlog sends every event of the platform's orders, once, in order per order.",
};

const ABOUT: &[About] = &[
    About {
        topic: ORDER_EVENTS,
        title: "Order events",
        description: "Everything that happened to every order, kept for ever. Key: the order's \
            id, so that the events of one order are in one partition, in order. Written in Kafka \
            transactions: read with `isolation.level=read_committed`, and each event is there \
            exactly once.",
        audience: PUBLIC,
        operation: "publishOrderEvents",
        summary: "Orderlog sends every event of the log, once, in order per order.",
    },
    About {
        topic: ORDER_STATE,
        title: "Order state",
        description: "The latest state of each order, compacted by the order's id, with its \
            version: at least once, in version order, byte for byte what GET answers. For readers \
            that want orders and not their history. Written in Kafka transactions: read with \
            `isolation.level=read_committed`. Several changes in a row may be one record. A new \
            release of the document comes as all documents anew, in unchanged versions; a record \
            without a value is about an order that a restored log has lost. Personal data is \
            readable here, and is rewritten when it is erased.",
        audience: PUBLIC,
        operation: "publishOrderState",
        summary: "Orderlog sends an order's document after the order changed.",
    },
    About {
        topic: PLATFORM_EVENTS,
        title: "Platform events",
        description: "Every change of every platform (sales channel), kept for ever. Each event \
            carries all of the platform as it left it, so the newest one of a key is the platform. \
            Key: the platform's id, derived from its slug. Written in Kafka transactions: read \
            with `isolation.level=read_committed`.",
        audience: PUBLIC,
        operation: "publishPlatformEvents",
        summary: "Orderlog sends every change of a platform, once, in order per platform.",
    },
    About {
        topic: CATALOG_EVENTS,
        title: "Catalogue events",
        description: "Every change of every product, kept for ever. Each event carries all of the \
            product as it left it, its prices too, so the newest one of a key is the product. Key: \
            the product's id, derived from its SKU. Written in Kafka transactions: read with \
            `isolation.level=read_committed`.",
        audience: PUBLIC,
        operation: "publishCatalogEvents",
        summary: "Orderlog sends every change of a product, once, in order per product.",
    },
    About {
        topic: SHIPPING_EVENTS,
        title: "Shipping events",
        description: "Everything that happened to every shipping zone and method, kept for ever. \
            Key: the id of the zone or method. Each event has all of it, so the last one is all \
            there is to know. Written in Kafka transactions: read \
            with `isolation.level=read_committed`, and each event is there exactly once.",
        audience: PUBLIC,
        operation: "publishShippingEvents",
        summary: "Orderlog sends every event of zones and methods, once, in the order of the log.",
    },
    About {
        topic: RELAY_PROGRESS,
        title: "Progress of the relay",
        description: "Internal: up to where the log is published. Written in the transaction \
            that publishes the events, read by the next relay. Its records may change with any \
            release; nobody else should read them, and nobody may write or delete them.",
        audience: INTERNAL,
        operation: "recordRelayProgress",
        summary: "Internal: Orderlog notes how far it has published.",
    },
];

/// What is known about the topic of this name.
pub(super) fn about(topic: &str) -> Option<&'static About> {
    ABOUT.iter().find(|about| about.topic == topic)
}

/// A tag object.
pub(super) fn tag((name, description): Audience) -> Value {
    json!({"name": name, "description": description})
}

impl About {
    /// The channel object; `messages` are names in `components/messages`.
    pub fn channel(&self, topic: &TopicSpec, messages: &[&str]) -> Value {
        let reference = |name: &&str| {
            let message = json!({"$ref": format!("#/components/messages/{name}")});
            ((*name).to_owned(), message)
        };
        let messages: Map<String, Value> = messages.iter().map(reference).collect();
        json!({
            "address": self.topic,
            "title": self.title,
            "description": self.description,
            "servers": [{"$ref": "#/servers/kafka"}],
            "messages": messages,
            "tags": [tag(self.audience)],
            "bindings": {"kafka": {
                "topic": self.topic,
                "partitions": topic.partitions,
                "topicConfiguration": configuration(topic),
                "bindingVersion": BINDING_VERSION,
            }},
        })
    }

    /// The channel object of topics that are named by a platform's slug.
    pub fn channel_by_platform(&self, topic: &TopicSpec, messages: &[&str]) -> Value {
        let mut channel = self.channel(topic, messages);
        channel["address"] = format!("{ORDER_EVENTS_OF_PLATFORM}{{platform}}").into();
        channel["parameters"] = json!({"platform": {
            "description": "Slug of the platform: lower-case letters, digits, `-` and `_`.",
        }});
        // It has no one name.
        if let Some(kafka) = channel["bindings"]["kafka"].as_object_mut() {
            kafka.remove("topic");
        }
        channel
    }

    /// The name of the channel.
    pub const fn name(&self) -> &'static str {
        self.topic
    }

    /// The operation object, from Orderlog's side.
    pub fn operation(&self, messages: &[&str]) -> Value {
        let channel = format!("#/channels/{}", self.topic);
        let messages: Vec<Value> = messages
            .iter()
            .map(|name| json!({"$ref": format!("{channel}/messages/{name}")}))
            .collect();
        json!({
            "action": "send",
            "title": self.title,
            "summary": self.summary,
            "channel": {"$ref": channel},
            "messages": messages,
            "tags": [tag(self.audience)],
        })
    }
}

/// The settings as the bindings spell them: the policy is a list, numbers are
/// numbers.
fn configuration(topic: &TopicSpec) -> Map<String, Value> {
    let setting = |(name, value): &(&str, &str)| {
        let value = match (*name, value.parse::<i64>()) {
            ("cleanup.policy", _) => json!(value.split(',').collect::<Vec<_>>()),
            (_, Ok(number)) => json!(number),
            (_, Err(_)) => json!(value),
        };
        ((*name).to_owned(), value)
    };
    topic.config.iter().map(setting).collect()
}
