//! Shipping: where a shop ships to (zones), how (methods), and what that costs
//! for a basket ([`quote()`]). Zones and methods are reference data, whose last
//! event says all; a quote is computed from all of them and stores nothing. What
//! an offer of it says can be promised ([`Promise`]), so that an order is shipped
//! for what its customer was told.
//!
//! Weights are integers in grams; amounts are integers in minor units.

mod check;
mod destination;
pub mod method;
mod postal;
mod priced;
mod promise;
mod quote;
mod region;
mod rejection;
mod unreadable;
pub mod zone;

#[cfg(test)]
mod specification;

pub use destination::Destination;
pub use method::Method;
pub use postal::MAX_POSTAL_CODE;
pub use priced::{PricedLine, check_count};
pub use promise::{Carried, Consignment, Digest, Mismatch, Promise, PromisedFrom};
pub use quote::{
    Basket, BasketLine, Canonical, Offer, Quote, Reason, Refused, WeightClass, canonical, quote,
};
pub use region::{InvalidRegion, Region};
pub use rejection::ShippingRejection;
pub use unreadable::Unreadable;
pub use zone::Zone;
