//! Where batches come from: the log, looked at when it may have more.

use super::{
    batch::Batch,
    error::{RelayError, Trouble},
    run::Relay,
};
use crate::{
    backoff::Backoff,
    kafka::blocking,
    log::{ContractMapping, LogHints, LogReader},
};
use contracts::LogPosition;
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;

pub(super) const BATCH_EVENTS: i64 = 5_000;
pub(super) const BATCH_BYTES: i64 = 4 << 20;
/// After a hint the log is looked at again this soon: the transaction of a
/// neighbour may hold the horizon for a moment longer.
const SOONEST: Duration = Duration::from_millis(5);
/// The guarantee behind the hints. A look that finds nothing costs the server
/// some 0.1 ms, so ten a second are nothing, and nobody waits longer than that
/// for an event whose hint was lost.
const LATEST: Duration = Duration::from_millis(100);
const RETRY: Duration = Duration::from_millis(500);

/// Reads the log, and sleeps while there is nothing in it.
pub struct Source {
    reader: LogReader,
    mapping: Arc<dyn ContractMapping>,
    epoch: i32,
    hints: LogHints,
}

impl Source {
    /// Of `epoch` and what is older: the next one has to be announced first.
    pub fn new(relay: &Relay, epoch: i32) -> Self {
        Self {
            reader: relay.reader.clone(),
            mapping: Arc::clone(&relay.mapping),
            epoch,
            hints: LogHints::listen(relay.listener.clone()),
        }
    }

    /// The events after `after`, as far as they are final and one transaction
    /// of Kafka should hold; maybe none.
    async fn read(&self, after: LogPosition) -> Result<Option<Batch>, Trouble> {
        let batch = self.reader.read_batch(after, BATCH_EVENTS, BATCH_BYTES);
        let mut events = batch.await?;
        let before = events.len();
        events.retain(|event| event.at.epoch <= self.epoch);
        if events.is_empty() && before > 0 {
            return Err(Trouble::EpochBegan);
        }
        let mapping = Arc::clone(&self.mapping);
        let map = move || Batch::of(&events, &*mapping);
        Ok(blocking(map).await.map_err(RelayError::from)?)
    }

    /// The same, waiting until there is one. Also waits for a server that is
    /// away; whether to go on meanwhile is the leader's lock's affair.
    pub async fn next(&self, after: LogPosition) -> Result<Batch, Trouble> {
        let mut idle = Backoff::new(SOONEST, LATEST);
        loop {
            match self.read(after).await {
                Ok(Some(batch)) => return Ok(batch),
                Ok(None) => {
                    if self.hints.wait(idle.pause()).await {
                        idle.reset();
                    }
                }
                Err(Trouble::Log(error)) => {
                    tracing::warn!(error = %error, "relay.log_read_failed");
                    sleep(RETRY).await;
                }
                Err(fatal) => return Err(fatal),
            }
        }
    }
}
