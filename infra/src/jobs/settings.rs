//! How a process works on jobs.

use crate::config::Config;
use std::{collections::BTreeMap, time::Duration};

/// Jobs of a queue at once unless told otherwise.
const CONCURRENCY: usize = 16;

/// How a process works on jobs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Jobs of each queue at once; 0: none of that queue. Others: sixteen.
    pub concurrency: BTreeMap<String, usize>,
    /// How long a job is a worker's that is not heard of any more.
    pub lease: Duration,
    /// How long jobs may take to end when the process is told to end.
    pub drain: Duration,
    /// How long a handler may take to end once it was told to; then it is
    /// dropped where it is.
    pub grace: Duration,
    /// How often the ledger is looked at for what Redis was not told.
    pub sweep: Duration,
    /// How often streams are tidied.
    pub tidy: Duration,
    /// How long a queue is quiet before the ledger is looked at for what is
    /// due, whatever Redis says.
    pub idle: Duration,
}

/// A day: whoever waits longer for a worker that is gone waits for nothing.
const LONGEST_LEASE: u64 = 86_400;

impl Settings {
    /// Those of the configuration.
    pub fn of(config: &Config) -> Self {
        Self {
            concurrency: config.jobs_concurrency.clone(),
            lease: Duration::from_secs(config.jobs_lease_seconds.clamp(1, LONGEST_LEASE)),
            drain: Duration::from_secs(config.jobs_drain_seconds),
            ..Self::default()
        }
    }

    /// Jobs of this queue at once.
    pub fn concurrency_of(&self, queue: &str) -> usize {
        self.concurrency.get(queue).copied().unwrap_or(CONCURRENCY)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: BTreeMap::new(),
            lease: Duration::from_secs(30),
            drain: Duration::from_secs(20),
            grace: Duration::from_secs(5),
            sweep: Duration::from_millis(500),
            tidy: Duration::from_secs(30),
            idle: Duration::from_secs(1),
        }
    }
}
