//! Product events, version 1: the data of each record on `catalog.events.v1`.

use super::document::Product;
use crate::whole::whole_events;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The one list of all product events: calls `$callback!` with each one's name
/// and its `ce_type`.
#[macro_export]
macro_rules! product_events {
    ($callback:ident) => {
        $callback! {
            ProductSaved = "product.saved",
            ProductArchived = "product.archived",
            ProductRestored = "product.restored",
        }
    };
}

/// All of the product, and what of it is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductChange {
    /// As the event left it.
    pub product: Product,
    /// Names of the members that are not as before; empty on the first event,
    /// before which there was nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
}

macro_rules! events {
    ($($name:ident = $type:literal),+ $(,)?) => {
        whole_events! { ProductEvent, Fact, ProductChange; $($name = $type),+ }
    };
}
product_events!(events);
