//! `/v1/orders`.

pub mod by_external_id;
pub mod events;
pub mod get;
pub mod list;
mod store;
