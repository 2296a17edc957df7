//! `/v1/platforms`.

pub mod get;
pub mod list;
