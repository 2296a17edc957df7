//! The projector role between a real Kafka, a real log and real views.

pub mod failing;
pub mod fencing;
pub mod following;
pub mod orders;
pub mod proxy;
pub mod rebuilding;
pub mod world;
