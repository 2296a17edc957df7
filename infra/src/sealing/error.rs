//! What can go wrong. A key that is gone is not among it: that is erasure.

use std::sync::Arc;
use uuid::Uuid;

/// Subject keys cannot be had at the moment: the same call may succeed later.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeysUnavailable {
    /// The ops database is away.
    #[error("the subject keys cannot be read")]
    Database(#[source] Arc<sqlx::Error>),
    /// Somebody erased the subject at the moment its key was made.
    #[error("the key of subject {subject} was deleted while it was made")]
    Deleted {
        /// Whose key.
        subject: Uuid,
    },
    /// No new key could be drawn.
    #[error(transparent)]
    Crypto(CryptoError),
    /// The process is going down.
    #[error("the subject keys are no longer served")]
    Stopped,
}

/// A stored key that this process cannot use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// It belongs to another master key.
    #[error(
        "the key of subject {subject} is wrapped by master key {stored}, this process has master key {ours}"
    )]
    OtherMasterKey {
        /// Whose key.
        subject: Uuid,
        /// Id of the master key that wrapped it.
        stored: String,
        /// Id of the configured one.
        ours: String,
    },
    /// It does not open, although the master key is the right one.
    #[error("the stored key of subject {subject} is damaged")]
    Damaged {
        /// Whose key.
        subject: Uuid,
    },
}

/// The cryptographic library refused: no memory, no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cryptographic library failed")]
pub struct CryptoError;

/// A sealed form that nobody of this release has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It is not base64.
    #[error("it is not base64")]
    Base64,
    /// It ends too early.
    #[error("it is too short")]
    Short,
    /// A newer release wrote it, or it is damaged.
    #[error("it has format {0}, this release knows format 1")]
    Version(u8),
}

/// Why events were not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// None was.
    #[error(transparent)]
    Unavailable(#[from] KeysUnavailable),
    /// This one never will be. Those before it are open.
    #[error("the personal data of event {sequence} of {aggregate_id} cannot be opened")]
    Event {
        /// Index among the given events.
        index: usize,
        /// Its aggregate.
        aggregate_id: String,
        /// Its version.
        sequence: i64,
        /// Why.
        #[source]
        source: OpenProblem,
    },
}

impl OpenError {
    /// Whether the events are to blame. A process whose keys are away, or that
    /// was given another master key, can open none of that subject.
    pub const fn is_of_the_event(&self) -> bool {
        !matches!(
            self,
            Self::Unavailable(_)
                | Self::Event {
                    source: OpenProblem::Key(KeyProblem::OtherMasterKey { .. }),
                    ..
                }
        )
    }
}

/// What is wrong with one event's personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenProblem {
    /// Its subject's key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyProblem),
    /// It has not the shape of a sealed form.
    #[error("its sealed form cannot be read")]
    Malformed(#[from] Malformed),
    /// The key is the right one, and yet it is not authentic.
    #[error("it is damaged, or was sealed for another event")]
    Damaged,
}

/// Why events were not sealed. Nothing of them may be stored.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Their keys cannot be had at the moment.
    #[error(transparent)]
    Unavailable(#[from] KeysUnavailable),
    /// This one cannot be.
    #[error("the personal data of event {sequence} of {aggregate_id} cannot be sealed")]
    Event {
        /// Its aggregate.
        aggregate_id: String,
        /// Its version.
        sequence: i64,
        /// Why.
        #[source]
        source: SealProblem,
    },
}

/// Why one event's personal data cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealProblem {
    /// The aggregate names nobody as its subject.
    #[error("it has no subject")]
    NoSubject,
    /// Its subject's key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyProblem),
    /// The event is not one variant with its fields, so that nobody can tell
    /// where its personal data is.
    #[error("the event is not of the form {{\"Variant\": {{…}}}}")]
    Shape(#[source] serde_json::Error),
    /// No memory, no randomness.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}
