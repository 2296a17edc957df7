//! Epochs: the incarnations of the log (`docs/ARCHITECTURE.md`, invariant 16).
//!
//! A log that is restored from a backup lacks its last events, which others
//! have seen. PostgreSQL shows it: another cluster, another timeline (recovery
//! to a point in time, a promoted replica), another database. The identity that
//! each epoch has is kept in `log_epochs`; where the present one differs, every
//! reader and writer stops until [`bump`] has begun a new epoch:
//! - [`check`] asks, on a connection of its own: at start, and every few seconds
//! - [`pool`] asks on each new connection, as a database cannot be restored
//!   under an open one
//! - [`Guard`] remembers the answer, for whoever cannot wait for it
//!
//! A plain copy of the data folder shows in none of these. It is noticed by the
//! relay, which knows what was published, and which then says so in
//! `log_epochs` ([`contradict`]).

mod bump;
mod error;
mod guard;
mod identity;
mod ledger;
mod topics;

pub use bump::{Bumped, bump};
pub use error::EpochError;
pub use guard::{Guard, check, left, pool, pool_of, verdict};
pub use identity::LogIdentity;
pub use ledger::{Epoch, contradict, epochs, is_true, record_first};
pub use topics::{KnownTopic, allow_republish, known_topic, record_topic};
