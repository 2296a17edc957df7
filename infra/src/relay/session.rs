//! Leading with one producer: from its first transaction to its last.

use super::{
    RELAY,
    announce::enter_present_epoch,
    checks::{TopicNames, starting_point},
    error::{Failure, RelayError, Trouble},
    progress::Progress,
    publish::Publisher,
    run::Relay,
    source::Source,
};
use crate::{
    backoff::Backoff,
    kafka::{self, DeadProducer, TransactionalProducer, blocking},
    log::StoredEvent,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Between tries of a transaction that was aborted.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// How long the same transaction is tried with the same producer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A producer that nobody has fenced yet, and where it continues.
pub struct Session<'a> {
    relay: &'a Relay,
    publisher: Arc<Publisher>,
    source: Source,
    progress: Progress,
    /// The present epoch: its events, and no later ones, are published.
    epoch: i32,
    /// Tells blocking calls that are left behind that nobody waits for them.
    _wanted: DropGuard,
}

impl<'a> Session<'a> {
    /// Fences whoever published before, then finds out where to continue.
    pub async fn open(relay: &'a Relay) -> Result<Self, Trouble> {
        let unwanted = CancellationToken::new();
        let wanted = unwanted.clone().drop_guard();
        let config = relay.config.clone();
        let open = move || TransactionalProducer::open(&config, RELAY, None, unwanted);
        let producer = blocking(open).await.map_err(trouble)?;
        let start = starting_point(&relay.config, &relay.log).await?;
        let publisher = Arc::new(Publisher {
            producer,
            mapping: Arc::clone(&relay.mapping),
            config: relay.config.clone(),
            names: TopicNames::of(&relay.config),
        });
        let epoch = start.epochs.last().ok_or(RelayError::NoEpoch)?.epoch;
        let progress = enter_present_epoch(&relay.reader, &publisher, start).await?;
        Ok(Self {
            relay,
            publisher,
            source: Source::new(relay.reader.clone(), relay.log.clone(), epoch),
            progress,
            epoch,
            _wanted: wanted,
        })
    }

    /// The epoch whose events are published.
    pub const fn epoch(&self) -> i32 {
        self.epoch
    }

    /// What is published so far, and to where.
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Publishes until the role is to stop. While one batch is published, the
    /// next is read; never more than these two are in memory.
    pub async fn publish(&mut self) -> Result<(), Trouble> {
        let mut ready = Vec::new();
        loop {
            if ready.is_empty() {
                ready = tokio::select! {
                    () = self.relay.shutdown.cancelled() => return Ok(()),
                    events = self.source.next(self.progress.at) => events?,
                };
            }
            if self.relay.shutdown.is_cancelled() {
                return Ok(());
            }
            let Some(last) = ready.last().map(|event| event.at) else {
                continue;
            };
            let next = Progress {
                at: last,
                ..self.progress.clone()
            };
            let batch: Arc<[StoredEvent]> = ready.into();
            let (published, ahead) = tokio::join!(
                self.publish_batch(Arc::clone(&batch), &next),
                self.source.read(last)
            );
            let took = published?;
            self.progress = next;
            self.relay.status.published(batch.len(), last, took);
            ready = match ahead {
                Ok(events) => events,
                // Read again, and waited for, where there is nothing else to do.
                Err(Trouble::Log(_)) => Vec::new(),
                Err(fatal) => return Err(fatal),
            };
        }
    }

    /// One batch, tried until it is committed; how long that took.
    async fn publish_batch(
        &self,
        batch: Arc<[StoredEvent]>,
        progress: &Progress,
    ) -> Result<Duration, Trouble> {
        let begin = Instant::now();
        let mut retry = Backoff::new(RETRY.0, RETRY.1);
        loop {
            let (publisher, batch) = (Arc::clone(&self.publisher), Arc::clone(&batch));
            let progress = progress.clone();
            let attempt = move || publisher.publish(&batch, &progress);
            let error = match blocking(attempt).await {
                Ok(()) => return Ok(begin.elapsed()),
                Err(Failure::Aborted(error)) => error,
                Err(failure) => return Err(trouble(failure)),
            };
            tracing::warn!(error = %error, "relay.transaction_aborted");
            if begin.elapsed() >= PATIENCE {
                return Err(error.into());
            }
            sleep(retry.pause()).await;
        }
    }
}

pub(super) fn trouble<E: Into<RelayError>>(failure: kafka::Failure<E>) -> Trouble {
    use kafka::Failure::{Aborted, Fatal, Refused, Unknown};
    match failure {
        Fatal(error) => error.into().into(),
        Aborted(error) | Unknown(error) => error.into(),
        // Named by the publisher before it comes here.
        Refused(_, code) => RelayError::from(DeadProducer::Failed(code)).into(),
    }
}
