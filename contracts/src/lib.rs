//! The published contract of Orderlog: what travels on Kafka, what a read
//! model holds, and the names of both. Nothing in here does I/O.

pub mod asyncapi;
pub mod cloudevents;
pub mod compat;
pub mod currency;
pub mod epoch;
pub mod ids;
pub mod order;
pub mod partition;
pub mod personal;
pub mod platform;
pub mod position;
pub mod product;
pub mod shipping;
pub mod state;
pub mod topics;
pub mod whole;

pub use cloudevents::{CloudEvent, EnvelopeError};
pub use position::{LogPosition, PositionToken};

/// (name, schema) of everything that is published: the data of each event type,
/// the announcement of an epoch, the order document. The name, also the
/// schema's title, is `<type>.v1`.
pub fn schemas() -> Vec<(String, schemars::Schema)> {
    let mut schemas = order::schemas();
    schemas.push(epoch::schema());
    schemas.extend(platform::schemas());
    schemas.extend(product::schemas());
    schemas.extend(shipping::schemas());
    schemas
}

/// Every `ce_type` of the log's events.
pub fn event_types() -> impl Iterator<Item = &'static str> {
    [
        order::OrderEvent::TYPES,
        platform::PlatformEvent::TYPES,
        product::ProductEvent::TYPES,
        shipping::zone::ShippingZoneEvent::TYPES,
        shipping::method::ShippingMethodEvent::TYPES,
    ]
    .into_iter()
    .flatten()
    .copied()
}
