//! Shipping as the outside world sees it: zones and methods, whose events are
//! on `shipping.events.v1`. Nothing in them is personal.

pub mod method;
pub mod zone;

/// (name, schema) of the data of each event type.
pub fn schemas() -> Vec<(String, schemars::Schema)> {
    let mut schemas = zone::schemas();
    schemas.extend(method::schemas());
    schemas
}
