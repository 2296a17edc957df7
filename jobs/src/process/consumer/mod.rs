//! Reads the order events and writes down what is to follow.

mod context;
mod poll;
mod session;
mod worker;

pub use worker::start;

/// The consumer group, without the deployment's prefix.
const GROUP: &str = "orderlog.process-managers";
