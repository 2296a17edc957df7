//! The relay between a real log and a real Kafka.

pub mod contradictions;
pub mod leadership;
pub mod once;
pub mod scene;
