//! `/v1/admin`: what operators look at, and what they set going.

pub mod cache;
pub mod parked;
pub mod projections;
