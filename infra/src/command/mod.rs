//! Command execution: load, look the command up, decide, append, and again
//! when somebody was faster (`docs/ARCHITECTURE.md`, invariants 1, 10, 13 and 15).

mod cache;
mod execute;
mod identity;
mod load;
mod numbers;
mod recording;
mod rehearse;
mod state;
mod turns;

pub use execute::{Executor, Expected, Ordered, Outcome};
pub use identity::{CommandIdentity, command_id, payload_hash};
pub use numbers::{NumberBlocks, NumberError};
pub use recording::{BoxError, EventOf, Recording, RejectionOf};
pub use rehearse::Rehearsal;
pub use state::State;

use crate::{
    http::IfMatch,
    log::{MappingError, of_newer_release},
    sealing::KeysUsed,
};
use uuid::Uuid;

/// What is recorded about a command besides its events.
#[derive(Debug, Clone)]
pub struct CommandContext {
    /// Principal that issued it.
    pub actor: String,
    /// Which command it is; a repeat has the same.
    pub identity: CommandIdentity,
    /// Version that the caller saw, if it insists on it.
    pub if_match: Option<IfMatch>,
    /// Ties together what one request led to.
    pub correlation_id: Option<String>,
    /// What led to the command.
    pub causation_id: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// Whether it is a line of a request with any number of commands, which has one
    /// span for all of them.
    pub is_line: bool,
    /// Keys of the personal data that the command has from another aggregate.
    pub copied: KeysUsed,
}

impl CommandContext {
    /// Whether an aggregate at this version is the one that the caller saw.
    /// What does not exist is the domain's to refuse.
    fn check<R: std::error::Error>(&self, version: i64) -> Result<(), ExecuteError<R>> {
        let condition = self.if_match.as_ref().filter(|_| version > 0);
        if condition.is_some_and(|c| !c.allows(version)) {
            return Err(ExecuteError::PreconditionFailed { version });
        }
        Ok(())
    }

    /// Of whoever only looks.
    fn nobody() -> Self {
        Self {
            actor: String::new(),
            identity: CommandIdentity {
                id: Uuid::nil(),
                payload_hash: String::new(),
            },
            if_match: None,
            correlation_id: None,
            causation_id: None,
            traceparent: None,
            is_line: false,
            copied: KeysUsed::default(),
        }
    }
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<R: std::error::Error> {
    /// The domain refused it. Nothing is stored.
    #[error(transparent)]
    Rejected(R),
    /// The aggregate is at another version than the caller insists on.
    #[error("the aggregate is at version {version}")]
    PreconditionFailed {
        /// Where it is.
        version: i64,
    },
    /// The same idempotency key came with another payload.
    #[error("the idempotency key was used with another payload")]
    KeyReused,
    /// Others kept changing the aggregate.
    #[error("the aggregate changed {attempts} times while the command was decided")]
    Contended {
        /// How often it was tried.
        attempts: u32,
    },
    /// One of its events would exceed what Kafka takes.
    #[error("an event of {size} bytes exceeds the limit of {limit}")]
    TooLarge {
        /// Bytes of the event as published.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The log is away, or the keys of personal data are. With `unknown`, the
    /// command may be stored: repeating it under the same key tells.
    #[error("a database cannot be reached")]
    Unavailable {
        /// Whether the command may have been stored.
        unknown: bool,
        /// What happened.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored event cannot be read, or the log refused a valid one.
    #[error("the command could not be carried out")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl<R: std::error::Error> ExecuteError<R> {
    /// The same error, of something that another command depends on: of that
    /// one nothing was sent.
    pub fn of_another<Q: std::error::Error>(self) -> ExecuteError<Q>
    where
        R: Send + Sync + 'static,
    {
        match self {
            Self::Contended { attempts } => ExecuteError::Contended { attempts },
            Self::Unavailable { source, .. } => ExecuteError::Unavailable {
                unknown: false,
                source,
            },
            Self::Broken(source) => ExecuteError::Broken(source),
            other => ExecuteError::Broken(Box::new(other)),
        }
    }

    /// What a newer release has stored, of this or of something that the command
    /// depends on, where that is why nothing was stored.
    pub fn newer_release(&self) -> Option<&MappingError> {
        match self {
            Self::Broken(source)
            | Self::Unavailable {
                unknown: false,
                source,
            } => of_newer_release(source.as_ref()),
            _ => None,
        }
    }

    /// The same error on an attempt after an append whose outcome is unknown
    /// (`sent`): what could not be reached may hold the command.
    fn after(self, sent: bool) -> Self {
        match self {
            Self::Unavailable { unknown, source } => Self::Unavailable {
                unknown: unknown || sent,
                source,
            },
            other => other,
        }
    }
}

impl<R: std::error::Error> From<MappingError> for ExecuteError<R> {
    fn from(error: MappingError) -> Self {
        Self::Broken(Box::new(error))
    }
}
