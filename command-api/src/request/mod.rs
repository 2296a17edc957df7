//! Bodies of requests: the documented shapes, as checked types.

mod address;
mod line;
mod order;
mod patch;
mod reason;
mod time;

pub use address::{AddressBody, CustomerBody};
pub use line::{LineBody, LineUnitsBody, ShippingBody};
pub use order::OrderParts;
pub use patch::{Change, given};
pub use reason::{NoMembers, ReasonBody, required};
pub use time::Time;
