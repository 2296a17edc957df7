//! Events: what happened to a zone, as the log keeps it.

use crate::whole::whole_events;
use contracts::shipping::zone::{self as published, ShippingZoneChange};

macro_rules! events {
    ($($name:ident = $type:literal),+ $(,)?) => {
        whole_events! { ShippingZoneEvent, ShippingZoneChange; $($name = $type),+ }
    };
}
contracts::shipping_zone_events!(events);
