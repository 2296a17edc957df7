//! The job that carries an operation out.

use crate::{
    jobs::{Job, Kind, Priority},
    retry::RetryPolicy,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

/// Carries an operation out, or goes on with it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct RunOperation {
    /// Which.
    pub operation: Uuid,
}

impl Job for RunOperation {
    const KIND: Kind = Kind {
        queue: "operations",
        priority: Priority::Normal,
        // Each goes on where the one before has ended.
        max_attempts: 100,
        // A rehearsal is one request, which ends sooner by itself; lines are
        // carried out in turns.
        time_limit: Duration::from_hours(13),
        retry: RetryPolicy {
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(5),
            give_up_after: Duration::MAX,
        },
        ..Kind::new("operations.run")
    };
}

/// Carries an operation out that is about somebody, or goes on with it: a kind of its
/// own, as releases from before take such a one for a bulk request of no lines.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct RunAboutSomebody {
    /// Which.
    pub operation: Uuid,
}

impl Job for RunAboutSomebody {
    const KIND: Kind = Kind {
        name: "operations.about_somebody",
        ..RunOperation::KIND
    };
}

/// Carries an import out, or goes on with it: a kind of its own, as releases from
/// before take its file for lines.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct RunImport {
    /// Which.
    pub operation: Uuid,
}

impl Job for RunImport {
    const KIND: Kind = Kind {
        name: "operations.import",
        ..RunOperation::KIND
    };
}
