//! How something ended that takes a while, for scripts and for people.

use serde::Serialize;

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum Ended {
    /// All of it was dealt with.
    Complete,
    /// It was told to stop.
    Stopped,
    /// Something ended it.
    Failed {
        /// What, with its causes.
        failure: String,
    },
}
