//! Where batches come from: the log, looked at when it may have more.

use super::{
    batch::Batch,
    error::{RelayError, Trouble},
    platforms::PlatformTopics,
    progress::Progress,
    run::Relay,
};
use crate::{
    backoff::Backoff,
    kafka::blocking,
    lifecycle::error_chain,
    log::{ContractMapping, LogHints, LogReader},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::sleep;

pub(super) const BATCH_EVENTS: i64 = 5_000;
pub(super) const BATCH_BYTES: i64 = 4 << 20;
/// Of what is published already, so that new events wait for little of it.
const HISTORY_EVENTS: i64 = 1_000;
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
    platforms: PlatformTopics,
    epoch: i32,
    hints: LogHints,
    /// Whether what topics of platforms lack cannot be read or mapped, which others
    /// need not wait for.
    is_stuck: AtomicBool,
}

/// A batch, and the progress that it makes.
pub struct Step {
    pub batch: Batch,
    pub progress: Progress,
    /// Platforms whose topics lack nothing from then on.
    pub complete: Vec<String>,
}

impl Step {
    /// Whether it is of what was published before.
    pub const fn is_history(&self) -> bool {
        self.batch.events == 0
    }
}

impl Source {
    /// Of `epoch` and what is older: the next one has to be announced first.
    pub fn new(relay: &Relay, epoch: i32) -> Self {
        Self {
            reader: relay.reader.clone(),
            mapping: Arc::clone(&relay.mapping),
            platforms: relay.platforms.clone(),
            epoch,
            hints: LogHints::listen(relay.listener.clone()),
            is_stuck: AtomicBool::new(false),
        }
    }

    /// The events after what is published, as far as they are final and one
    /// transaction of Kafka should hold; maybe none.
    async fn new_events(&self, done: &Progress) -> Result<Option<Step>, Trouble> {
        let batch = self.reader.read_batch(done.at, BATCH_EVENTS, BATCH_BYTES);
        let mut events = batch.await?;
        let before = events.len();
        events.retain(|event| event.at.epoch <= self.epoch);
        let Some(at) = events.last().map(|event| event.at) else {
            return if before > 0 {
                Err(Trouble::EpochBegan)
            } else {
                Ok(None)
            };
        };
        let copies = self.platforms.copies(&self.reader, &events, done, None);
        let (copies, mapping) = (copies.await?, Arc::clone(&self.mapping));
        let map = move || Batch::of(&events, &copies, &*mapping);
        let batch = blocking(map).await.map_err(RelayError::from)?;
        Ok(Some(Step {
            batch,
            progress: Progress { at, ..done.clone() },
            complete: Vec::new(),
        }))
    }

    /// What topics of platforms lack first of what is published; none where they
    /// lack nothing.
    async fn published_events(&self, done: &Progress) -> Result<Option<Step>, Trouble> {
        let Some(gap) = self.platforms.gap(done) else {
            return Ok(None);
        };
        let batch = self
            .reader
            .read_batch(gap.after, HISTORY_EVENTS, BATCH_BYTES);
        let mut events = batch.await?;
        let before = events.len();
        events.retain(|event| event.at <= gap.to);
        let reached = match events.last() {
            Some(last) if events.len() == before => last.at,
            _ => gap.to,
        };
        let copies = self
            .platforms
            .copies(&self.reader, &events, done, Some(gap.after));
        let (copies, mapping) = (copies.await?, Arc::clone(&self.mapping));
        let map = move || Batch::of_published(&events, &copies, &*mapping);
        let batch = blocking(map).await.map_err(RelayError::from)?;
        let (progress, complete) = self.platforms.filled(done, gap, reached);
        Ok(Some(Step {
            batch,
            progress,
            complete,
        }))
    }

    /// The same; whatever is wrong there keeps nobody else waiting.
    async fn history(&self, done: &Progress) -> Option<Step> {
        if self.is_stuck.load(Ordering::Relaxed) {
            return None;
        }
        match self.published_events(done).await {
            Ok(step) => step,
            Err(Trouble::Log(error)) => {
                tracing::warn!(error = %error, "relay.history_read_failed");
                None
            }
            Err(trouble) => {
                self.is_stuck.store(true, Ordering::Relaxed);
                tracing::error!(error = error_chain(&trouble), "relay.platform_topics_stuck");
                None
            }
        }
    }

    /// The next step, if there is one; of either kind first.
    async fn step(&self, done: &Progress, new_first: bool) -> Result<Option<Step>, Trouble> {
        if !new_first && let Some(step) = self.history(done).await {
            return Ok(Some(step));
        }
        match self.new_events(done).await? {
            None if new_first => Ok(self.history(done).await),
            step => Ok(step),
        }
    }

    /// The same, waiting until there is one. Also waits for a server that is
    /// away; whether to go on meanwhile is the leader's lock's affair.
    pub async fn next(&self, done: &Progress, new_first: bool) -> Result<Step, Trouble> {
        let mut idle = Backoff::new(SOONEST, LATEST);
        loop {
            match self.step(done, new_first).await {
                Ok(Some(step)) => return Ok(step),
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
