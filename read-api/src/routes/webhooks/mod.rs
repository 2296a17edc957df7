//! `/v1/webhooks`: who is told of events, and what became of it.

pub mod deliveries;
pub mod delivery;
pub mod endpoint;
pub mod endpoints;
