//! Orders that wait (`docs/ARCHITECTURE.md`, invariant 12): a record that
//! cannot be read or applied parks its order, and no other.
//!
//! ```text
//!  batch ── an order's event fails ──> parked_orders: why; the row stays as it is
//!                                      parked_events: that record, and the order's later ones
//!  tool ── marks ──> redrives ── notification, or a look every two seconds ──> projector
//!                                 in its own transaction, under its offsets: fold the order
//!                                 anew from the log; gone if that went well, else the new reason
//! ```
//!
//! What waits is told apart by a text: the order's id, or, for a record whose
//! key names no order of its partition, its place.

mod batch;
mod metrics;
mod redrive;
mod store;

pub(super) use batch::{Parking, park_id};
pub(super) use metrics::{count, describe, revoked};
pub use redrive::Redriven;
pub(super) use store::{keep, take_over, waiting};
