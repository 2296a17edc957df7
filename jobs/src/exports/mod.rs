//! Exports in the background: files that are written, and thrown away again.

mod metrics;
mod remove;
mod retention;
mod write;

pub use remove::handler as remove;
pub use retention::{Retention, expire, handler as retention};
pub use write::handler as write;

use infra::{
    config::Config,
    exports::Source,
    jobs::JobError,
    lifecycle::error_chain,
    objects::{Objects, ObjectsError},
};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};

/// Exports that a worker writes at once unless told otherwise: each takes a good
/// part of a processor, and some memory for what the store has not taken yet.
pub const AT_ONCE: usize = 2;

const DAY: Duration = Duration::from_hours(24);

/// What works on exports. Cheap to clone.
#[derive(Clone)]
pub struct Exporting {
    ops: PgPool,
    /// None where nobody has configured that.
    objects: Option<Objects>,
    source: Arc<dyn Source>,
    /// How long a file is kept.
    kept: Duration,
}

impl Exporting {
    /// As configured; `source` knows what exports hold.
    pub fn new(
        config: &Config,
        ops: &PgPool,
        objects: Option<Objects>,
        source: Arc<dyn Source>,
    ) -> Self {
        metrics::describe();
        Self {
            ops: ops.clone(),
            objects,
            source,
            kept: DAY * crate::work::sweep::days(config.export_days),
        }
    }

    /// The place of files.
    fn objects(&self) -> Result<&Objects, JobError> {
        let nowhere = || JobError::retry("no place for objects is configured");
        self.objects.as_ref().ok_or_else(nowhere)
    }
}

/// A store that does not answer may do so later.
fn failed(error: &ObjectsError) -> JobError {
    JobError::retry(error_chain(error))
}
