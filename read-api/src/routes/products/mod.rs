//! `/v1/products`.

pub mod get;
pub mod list;
