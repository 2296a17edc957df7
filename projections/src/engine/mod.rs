//! What every projection shares: consuming, offsets, batches, rebuilds.
//!
//! ```text
//!  worker (thread) ── prepare ──> rebuild, if the stored build is unusable
//!      │
//!      └── session: one membership of the consumer group
//!            poll ─> open ─> records ─> Applier: one transaction
//!                                 1. move the offsets, if they are ours
//!                                 2. load the touched rows, and which orders are parked
//!                                 3. fold (pure, version guard)
//!                                 4. write; put away what cannot be applied
//!            after the commit: Announcer wakes readers, and whoever publishes
//!            marks ─> drive parked orders again
//! ```
//!
//! Builds that somebody asks for are made beside it, by a task of the role or
//! by `orderlog rebuild` ([`rebuild()`]).
//!
//! A session that meets anything unusual ends: it leaves the group, and the
//! next one begins with what is stored. There is no other recovery.

mod announce;
mod applier;
mod bootstrap;
mod consumer;
mod environment;
mod event;
mod failure;
mod fold;
mod listen;
mod lock;
mod metrics;
mod opened;
mod parking;
mod projection;
mod publish;
mod rebuild;
mod shared;
mod status;
mod store;
mod topic;
pub mod verify;
mod worker;

pub use announce::{Announcer, announce_rebuilt};
pub use applier::{Applier, Outcome};
pub use environment::Engine;
pub use event::{Delivered, Event, Passed, RawRecord, Record, Unreadable};
pub use failure::BatchError;
pub use fold::{Fold, Folded, Step};
pub use parking::Redriven;
pub use projection::{BoxError, Projection};
pub use publish::Published;
pub use rebuild::{OnProgress, Progress, RebuildError, RebuildReport, cancel, make_empty, rebuild};
pub use shared::Shared;
pub use status::{Status, WorkerState};
pub use store::{Build, Checkpoint, Held};
pub use worker::{WorkerError, spawn};
