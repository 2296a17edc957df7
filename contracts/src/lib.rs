//! The published contract of Orderlog: what travels on Kafka, what a read
//! model holds, and the names of both. Nothing in here does I/O.

pub mod asyncapi;
pub mod cloudevents;
pub mod compat;
pub mod order;
pub mod partition;
pub mod personal;
pub mod position;
pub mod topics;

pub use cloudevents::{CloudEvent, EnvelopeError};
pub use position::{LogPosition, PositionToken};
