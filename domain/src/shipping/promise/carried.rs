//! Texts in promises.

use super::digest::Digest;
use serde::{Deserialize, Serialize};

/// Longest text that is carried, in bytes.
const MAX_CARRIED: usize = 64;

/// A text as a promise has it: itself, or what stands for a long one. So the
/// length of a promise has a limit, whatever things are called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carried {
    /// The text.
    Text(String),
    /// The digest of a text of more than 64 bytes.
    Digest(Digest),
}

impl Carried {
    /// As this text is carried.
    pub fn of(text: &str) -> Self {
        if text.len() <= MAX_CARRIED {
            Self::Text(text.to_owned())
        } else {
            Self::Digest(Digest::of_text(text))
        }
    }

    /// Whether it stands for this text.
    pub fn is(&self, text: &str) -> bool {
        *self == Self::of(text)
    }

    /// The text, where it is carried.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Digest(_) => None,
        }
    }
}
