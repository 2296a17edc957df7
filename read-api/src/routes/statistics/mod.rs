//! Statistics: figures of many orders at once (`docs/STATISTICS.md`).

pub mod cached;
pub mod cohorts;
pub mod customers;
pub mod funnel;
pub mod orders;
mod period;
pub mod products;
mod range;
pub(in crate::routes) mod rows;
mod selected;
mod shifted;
mod top;
pub mod turns;
