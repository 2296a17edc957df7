//! Where batches come from: the log, looked at when it may have more.

use super::{backoff::Backoff, error::Trouble};
use crate::{
    event_store::CHANNEL,
    log::{LogReader, StoredEvent},
};
use contracts::LogPosition;
use sqlx::{PgPool, postgres::PgListener};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::task::AbortOnDropHandle;

const BATCH_EVENTS: i64 = 5_000;
const BATCH_BYTES: i64 = 4 << 20;
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
    epoch: i32,
    hint: Arc<Notify>,
    _listener: AbortOnDropHandle<()>,
}

impl Source {
    /// Of `epoch` and what is older: the next one has to be announced first.
    pub fn new(reader: LogReader, log: PgPool, epoch: i32) -> Self {
        let hint = Arc::new(Notify::new());
        let listener = tokio::spawn(listen(log, Arc::clone(&hint)));
        Self {
            reader,
            epoch,
            hint,
            _listener: AbortOnDropHandle::new(listener),
        }
    }

    /// The events after `after`, as far as they are final and one transaction
    /// of Kafka should hold; maybe none.
    pub async fn read(&self, after: LogPosition) -> Result<Vec<StoredEvent>, Trouble> {
        let batch = self.reader.read_batch(after, BATCH_EVENTS, BATCH_BYTES);
        let mut events = batch.await?;
        let before = events.len();
        events.retain(|event| event.at.epoch <= self.epoch);
        if events.is_empty() && before > 0 {
            return Err(Trouble::EpochBegan);
        }
        Ok(events)
    }

    /// The same, waiting until there is one. Also waits for a server that is
    /// away; whether to go on meanwhile is the leader's lock's affair.
    pub async fn next(&self, after: LogPosition) -> Result<Vec<StoredEvent>, Trouble> {
        let mut idle = Backoff::new(SOONEST, LATEST);
        loop {
            match self.read(after).await {
                Ok(events) if !events.is_empty() => return Ok(events),
                Ok(_) => {
                    let hinted = timeout(idle.pause(), self.hint.notified()).await;
                    if hinted.is_ok() {
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

/// Passes hints on until it is aborted.
async fn listen(log: PgPool, hint: Arc<Notify>) {
    loop {
        if let Err(error) = pass_on(&log, &hint).await {
            tracing::debug!(error = %error, "relay.listen_failed");
        }
        sleep(RETRY).await;
    }
}

async fn pass_on(log: &PgPool, hint: &Notify) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(log).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // One may have been missed before.
        hint.notify_one();
        listener.try_recv().await?;
    }
}
