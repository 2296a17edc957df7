//! Events: what happened to a method, as the log keeps it.

use crate::whole::whole_events;
use contracts::shipping::method::{self as published, ShippingMethodChange};

macro_rules! events {
    ($($name:ident = $type:literal),+ $(,)?) => {
        whole_events! { ShippingMethodEvent, ShippingMethodChange; $($name = $type),+ }
    };
}
contracts::shipping_method_events!(events);
