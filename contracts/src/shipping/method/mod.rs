//! How something is shipped: the document, and the events that change it.

mod document;
mod event;

pub use document::{ShippingCharge, ShippingMethod, ShippingRate, ShippingTier};
pub use event::{Fact, ShippingMethodChange, ShippingMethodEvent, schemas};
