//! Events of shipping methods, version 1: their data on `shipping.events.v1`.

use super::document::ShippingMethod;
use crate::whole::whole_events;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The one list of all events of shipping methods: calls `$callback!` with each
/// one's name and its `ce_type`.
#[macro_export]
macro_rules! shipping_method_events {
    ($callback:ident) => {
        $callback! {
            ShippingMethodSaved = "shipping_method.saved",
            ShippingMethodArchived = "shipping_method.archived",
            ShippingMethodRestored = "shipping_method.restored",
        }
    };
}

/// All of the method, and what of it is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippingMethodChange {
    /// As the event left it.
    pub method: ShippingMethod,
    /// Names of the members that are not as before; empty on the first event,
    /// before which there was nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
}

macro_rules! events {
    ($($name:ident = $type:literal),+ $(,)?) => {
        whole_events! { ShippingMethodEvent, Fact, ShippingMethodChange; $($name = $type),+ }
    };
}
shipping_method_events!(events);
