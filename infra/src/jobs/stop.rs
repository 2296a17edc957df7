//! Telling a handler that it has to end, and why.

use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;

/// Why an attempt has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// Somebody cancelled the job.
    Cancelled,
    /// The job is, or may be, somebody else's.
    LeaseLost,
    /// The attempt took longer than its kind may.
    TimeLimit,
    /// The process ends.
    Draining,
}

/// A token with a reason: the first one holds.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    pub token: CancellationToken,
    reason: Arc<OnceLock<StopReason>>,
}

impl Stop {
    pub fn stop(&self, reason: StopReason) {
        let _first_holds = self.reason.set(reason);
        self.token.cancel();
    }

    pub fn reason(&self) -> Option<StopReason> {
        self.reason.get().copied()
    }
}
