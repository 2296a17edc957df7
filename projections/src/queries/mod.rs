//! What is asked of the projections from outside: how far they are.

mod checkpoints;

pub use checkpoints::{Partition, checkpoints};
