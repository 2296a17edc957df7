//! Endpoints, messages and deliveries in the ops database.

mod deliveries;
mod endpoints;
mod health;
mod people;

pub use deliveries::{conclude, deliver, due, skip_pending, unattended};
pub use endpoints::{
    Created, Rotated, StoreError, change, create, delete, find, list, rotate, target, told,
};
pub use people::{
    Filter, Replay, attempts, body, find_delivery, list_deliveries, ping, replay, retry, throw_away,
};
