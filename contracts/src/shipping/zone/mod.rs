//! Where something is shipped to: the document, and the events that change it.

mod document;
mod event;

pub use document::{PostalCodes, ShippingZone};
pub use event::{Fact, ShippingZoneChange, ShippingZoneEvent, schemas};
