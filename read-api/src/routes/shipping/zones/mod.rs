//! `/v1/shipping/zones`.

pub mod get;
pub mod list;
