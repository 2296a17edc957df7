//! The jobs that work on exports.

use crate::{
    jobs::{Job, Kind, Priority},
    retry::RetryPolicy,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

/// Most time that a file may take, whatever `export_file_seconds` says: so that an
/// export ends by itself, and says why, before its job is ended.
pub const LONGEST: Duration = Duration::from_hours(23);

/// Writes the file of an export.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct WriteExport {
    /// Which.
    pub export: Uuid,
}

impl Job for WriteExport {
    const KIND: Kind = Kind {
        // Some minutes each: they keep nothing else waiting.
        queue: "exports",
        max_attempts: 6,
        time_limit: Duration::from_hours(24),
        retry: RetryPolicy {
            first_pause: Duration::from_secs(2),
            longest_pause: Duration::from_mins(5),
            give_up_after: Duration::MAX,
        },
        ..Kind::new("exports.write")
    };
}

/// Throws away what a deleted export has left.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct RemoveExport {
    /// Which.
    pub export: Uuid,
}

impl Job for RemoveExport {
    const KIND: Kind = Kind {
        queue: "maintenance",
        priority: Priority::Low,
        time_limit: Duration::from_mins(5),
        ..Kind::new("exports.remove")
    };
}
