//! Webhooks: order events, told over HTTP to whoever asked for them, to the
//! letter of Standard Webhooks 1.0.0.
//!
//! ```text
//! Kafka orders.events.v1 ─> process consumer ─> ops: messages, deliveries, a job per endpoint
//!                                                                     │
//!            endpoint <─HTTP── requests, at once within its bound <── job
//! ```
//!
//! Deliveries are written in the transaction that moves the order's row, so each
//! event is told to each endpoint once. What sends them is one job per endpoint
//! at a time: a dead endpoint occupies its own job and nothing else, and what is
//! in order stays in order. Whoever works on jobs looks once a second which
//! endpoints have something due that nobody attends to: a repetition whose pause
//! is over, or what came the moment before a job ended.

mod client;
mod job;
mod listen;
mod message;
mod metrics;
mod redact;
mod retention;
mod schedule;

pub use client::{Sender, SenderError, Sent};
pub use job::{AT_ONCE, AttendError, Deliver, Delivering, QUEUE, attend, deliver, spawn};
pub use listen::{ListenError, Listening, Told, listen};
pub use message::{Messages, News};
pub use retention::{Retention, handler as retention};
