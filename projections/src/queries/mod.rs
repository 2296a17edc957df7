//! What is asked of the projections from outside: how far they are, and
//! whether the sums agree with the orders.

mod checkpoints;
mod statistics;

pub use checkpoints::{Partition, checkpoints};
pub use statistics::{StatisticsComparison, StatisticsDifference, compare_statistics};
