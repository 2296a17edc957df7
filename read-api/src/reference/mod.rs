//! Reference data: platforms, products, shipping zones and methods. Each kind is
//! a table of whole documents, by its natural key (`projections::whole`); what its
//! routes have in common is here.

mod documents;
mod kind;
mod list;
mod one;
mod request;
mod several;
mod store;

pub use documents::{
    OnePlatform, OneProduct, OneShippingMethod, OneShippingZone, PlatformList, ProductList,
    Recorded, ShippingMethodList, ShippingZoneList,
};
pub use kind::{PLATFORMS, PRODUCTS, SHIPPING_METHODS, SHIPPING_ZONES};
pub use list::list;
pub use one::one;
pub use request::{Chosen, Searched};
#[cfg(test)]
pub use request::{LISTED, SEARCHED};

/// Parameters of a route of one document.
pub const ONE: &[&str] = &["fields", "min_version", "min_position"];
