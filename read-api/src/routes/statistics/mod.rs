//! `/v1/statistics`.

pub mod orders;
