//! Kafka topic names and their shapes.

/// Order events, keyed by order id, `CloudEvents` binary mode.
pub const ORDER_EVENTS: &str = "orders.events.v1";
/// How the name of a platform's own topic begins; its slug follows. Such a topic
/// holds that platform's part of [`ORDER_EVENTS`], as it stands there.
pub const ORDER_EVENTS_OF_PLATFORM: &str = "orders.events.v1.platform.";
/// The latest state of each order, keyed by order id, compacted.
pub const ORDER_STATE: &str = "orders.state.v1";
/// Platform events, keyed by platform id, `CloudEvents` binary mode.
pub const PLATFORM_EVENTS: &str = "platforms.events.v1";
/// Product events, keyed by product id, `CloudEvents` binary mode.
pub const CATALOG_EVENTS: &str = "catalog.events.v1";
/// Events of shipping zones and methods, keyed by their ids, `CloudEvents` binary
/// mode.
pub const SHIPPING_EVENTS: &str = "shipping.events.v1";
/// The relay's committed progress: compacted, one partition.
pub const RELAY_PROGRESS: &str = "orderlog.relay.progress";

/// How a topic is created. Partition counts are never raised: a break is a
/// new topic with the next version in its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicSpec {
    /// Name without the deployment's prefix.
    pub name: &'static str,
    /// Number of partitions.
    pub partitions: i32,
    /// Topic-level settings beyond the broker's defaults.
    pub config: &'static [(&'static str, &'static str)],
}

/// The topic of [`ORDER_EVENTS`].
pub const ORDERS: TopicSpec = TopicSpec {
    name: ORDER_EVENTS,
    partitions: 12,
    config: &[("cleanup.policy", "delete"), ("retention.ms", "-1")],
};

/// The topic of [`PLATFORM_EVENTS`]: platforms are few, and change rarely.
pub const PLATFORMS: TopicSpec = TopicSpec {
    name: PLATFORM_EVENTS,
    partitions: 1,
    config: ORDERS.config,
};

/// The topic of [`CATALOG_EVENTS`].
pub const CATALOG: TopicSpec = TopicSpec {
    name: CATALOG_EVENTS,
    partitions: 12,
    config: ORDERS.config,
};

/// The topic of [`SHIPPING_EVENTS`]: one partition, so that a method comes after
/// the zones that were there before it. There are few of either.
pub const SHIPPING: TopicSpec = TopicSpec {
    name: SHIPPING_EVENTS,
    partitions: 1,
    config: ORDERS.config,
};

/// The topic of [`RELAY_PROGRESS`].
pub const PROGRESS: TopicSpec = TopicSpec {
    name: RELAY_PROGRESS,
    partitions: 1,
    config: &[("cleanup.policy", "compact"), ("retention.ms", "-1")],
};

/// The largest record of [`ORDER_STATE`], in bytes: a document has no limit of
/// its own, as an order may have any number of events.
pub const LARGEST_STATE: u32 = 16 << 20;

/// The topic of [`ORDER_STATE`]. Documents are readable: what was replaced, after
/// an erasure too, is gone after a day.
pub const STATE: TopicSpec = TopicSpec {
    name: ORDER_STATE,
    partitions: ORDERS.partitions,
    config: &[
        ("cleanup.policy", "compact"),
        ("retention.ms", "-1"),
        ("max.message.bytes", "16777216"),
        ("max.compaction.lag.ms", "86400000"),
    ],
};

/// Topics of events beside [`ORDERS`]: those of what orders refer to.
pub const REFERENCE: &[TopicSpec] = &[PLATFORMS, CATALOG, SHIPPING];

/// Whether events are on this partition of this topic (without the
/// deployment's prefix): whether a position there can be one of the log's.
pub fn has_events(topic: &str, partition: i32) -> bool {
    let mut topics = std::iter::once(&ORDERS).chain(REFERENCE);
    topics.any(|spec| spec.name == topic && (0..spec.partitions).contains(&partition))
}

/// The name of a platform's own topic, without the deployment's prefix. It is like
/// [`ORDERS`]. A slug has no dot, so no two names are one to Kafka's metrics,
/// which know no difference between `.` and `_`.
pub fn order_events_of(platform: &str) -> String {
    format!("{ORDER_EVENTS_OF_PLATFORM}{platform}")
}

/// Every topic that `orderlog migrate` creates, whatever the deployment.
pub const ALL: &[TopicSpec] = &[ORDERS, STATE, PLATFORMS, CATALOG, SHIPPING, PROGRESS];

/// Number of partitions of [`ORDER_EVENTS`].
pub const ORDER_EVENTS_PARTITIONS: i32 = ORDERS.partitions;
