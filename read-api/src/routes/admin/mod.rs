//! `/v1/admin`: what operators look at, and what they set going.

pub mod cache;
pub mod jobs;
pub mod parked;
pub mod pipeline;
pub mod projections;
pub mod rebuild;
pub mod schedules;

use super::told;
