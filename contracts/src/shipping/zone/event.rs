//! Events of shipping zones, version 1: their data on `shipping.events.v1`.

use super::document::ShippingZone;
use crate::whole::whole_events;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The one list of all events of shipping zones: calls `$callback!` with each
/// one's name and its `ce_type`.
#[macro_export]
macro_rules! shipping_zone_events {
    ($callback:ident) => {
        $callback! {
            ShippingZoneSaved = "shipping_zone.saved",
            ShippingZoneArchived = "shipping_zone.archived",
            ShippingZoneRestored = "shipping_zone.restored",
        }
    };
}

/// All of the zone, and what of it is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippingZoneChange {
    /// As the event left it.
    pub zone: ShippingZone,
    /// Names of the members that are not as before; empty on the first event,
    /// before which there was nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
}

macro_rules! events {
    ($($name:ident = $type:literal),+ $(,)?) => {
        whole_events! { ShippingZoneEvent, Fact, ShippingZoneChange; $($name = $type),+ }
    };
}
shipping_zone_events!(events);
