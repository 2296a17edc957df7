//! What is asked of the projections from outside: how far they are, and
//! whether the sums agree with the orders.

mod checkpoints;
mod computed;
mod shared;

pub use checkpoints::{Partition, checkpoints};
pub use shared::{SharedComparison, SharedDifference, compare_shared};
