//! Events: what happened to a product, as the log keeps it.

use crate::whole::whole_events;
use contracts::product::{self as published, ProductChange};

macro_rules! events {
    ($($name:ident = $type:literal),+ $(,)?) => {
        whole_events! { ProductEvent, ProductChange; $($name = $type),+ }
    };
}
contracts::product_events!(events);
