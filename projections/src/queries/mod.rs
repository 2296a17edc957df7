//! What `orderlog verify` asks of the read models.

mod statistics;
mod versions;

pub use statistics::{StatisticsDifference, statistics_differences};
pub use versions::{Partition, checkpoints, versions_after};
