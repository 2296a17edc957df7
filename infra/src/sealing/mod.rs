//! Personal data, sealed wherever it is kept for ever (`docs/ARCHITECTURE.md`,
//! invariant 15).
//!
//! ```text
//!  master key (configuration) ── wraps ──> subject_keys (ops): one data key per subject
//!                                              │ seals
//!                                              ▼
//!  {"OrderPlaced": {…, "personal": {"subject": …, "sealed": base64}}}   log, Kafka
//! ```
//!
//! A subject's row deleted, whatever was sealed under its key is erased, in
//! every copy of the log and of the topic. Only the sides open anything: the
//! executor, for the stream that it decides on, the projector, for the views,
//! and the read API, for what it tells straight from the log. What lies between
//! them moves ciphertext.

mod aead;
mod blob;
mod data_key;
mod error;
mod event;
mod json;
mod keys;
mod master;
mod metrics;
mod open;
mod seal;
mod snapshot;
mod store;
mod token_key;

#[cfg(test)]
mod tests;

pub use error::{
    CryptoError, KeyProblem, KeysUnavailable, OpenError, OpenProblem, SealError, SealProblem,
};
pub use event::{Form, PersonalEvent, Place};
pub use keys::KeysUsed;
pub use master::{MasterKey, MasterKeyError};
pub use seal::Unsealed;
pub use snapshot::SnapshotError;
pub use token_key::{TokenKey, TokenKeyError};

use keys::Keys;
use sqlx::PgPool;
use std::sync::Arc;

/// Seals and opens personal data. Cheap to clone; one per process is enough.
#[derive(Clone)]
pub struct Sealing {
    keys: Arc<Keys>,
}

impl Sealing {
    /// With the subject keys of the ops database behind `ops`, wrapped by
    /// `master`. Has to be called within a Tokio runtime.
    pub fn new(ops: PgPool, master: MasterKey) -> Self {
        metrics::describe();
        Self {
            keys: Arc::new(Keys::new(ops, master)),
        }
    }
}
