//! Endpoints, messages and deliveries in the ops database.

mod deliveries;
mod endpoints;
mod health;
mod people;

pub use deliveries::{Sealed, conclude, deliver, due, fail_sealed, skip_pending, unattended};
pub use endpoints::{
    Granted, MOST_ENDPOINTS, StoreError, change, create, delete, find, list, list_endpoints, lock,
    rotate, target,
};
pub use health::counts;
pub use people::{
    Filter, MOST_REPLAYED, Replay, Replayed, attempts, body, find_delivery, list_deliveries, ping,
    replay, retry, throw_away,
};
