//! What becomes of platforms that nobody has saved.

use serde::{Deserialize, Serialize};

/// What becomes of a platform that nobody has saved, where somebody names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPlatform {
    /// Whoever names it is refused: a slip of the pen makes no platform.
    #[default]
    Refuse,
    /// It is made, and takes what comes.
    Create,
}
