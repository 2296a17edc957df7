//! `/v1/shipping/methods`.

pub mod get;
pub mod list;
