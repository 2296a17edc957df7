//! Leading with a pair of producers: from their first transaction to the last.
//!
//! Three stages work at the same time. One reads the log and makes batches
//! ready; one sends the records of a batch; one commits. A producer has one
//! transaction at a time, and Kafka takes some 20 ms after a commit before it
//! lets the same one begin anew: so two take turns, and while the transaction
//! of one is committed, the records of the next are sent by the other. Commits
//! follow one another: a batch is committed after the one before was, or never.

use super::{
    IDS,
    announce::enter_present_epoch,
    batch::{Batch, Record, Target},
    checks::{OtherTopics, TopicNames, starting_point},
    error::{RelayError, Trouble},
    progress::Progress,
    publish::Publisher,
    run::Relay,
    source::{Source, Step},
};
use crate::{
    kafka::{self, DeadProducer, TransactionalProducer, blocking},
    traces::{Span, SpanKind},
};
use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Producers that nobody has fenced yet, and where they continue.
pub struct Session<'a> {
    relay: &'a Relay,
    publishers: [Arc<Publisher>; 2],
    source: Source,
    progress: Progress,
    others: OtherTopics,
    /// The present epoch: its events, and no later ones, are published.
    epoch: i32,
    /// Tells blocking calls that are left behind that nobody waits for them.
    _wanted: DropGuard,
}

/// A transaction whose records are with the broker.
struct Sent {
    publisher: Arc<Publisher>,
    events: usize,
    progress: Progress,
    /// Platforms whose topics lack nothing once it is committed.
    complete: Vec<String>,
    since: Instant,
    /// From its first record to the commit.
    span: Span,
}

impl<'a> Session<'a> {
    /// Fences whoever published before, then finds out where to continue.
    pub async fn open(relay: &'a Relay) -> Result<Self, Trouble> {
        let unwanted = CancellationToken::new();
        let wanted = unwanted.clone().drop_guard();
        let [first, second] = IDS.map(|id| {
            let (config, unwanted) = (relay.config.clone(), unwanted.clone());
            blocking(move || TransactionalProducer::open(&config, id, None, unwanted))
        });
        let (first, second) = tokio::try_join!(first, second).map_err(trouble)?;
        let start = starting_point(&relay.config, &relay.log).await?;
        let publishers = [first, second].map(|producer| {
            Arc::new(Publisher {
                producer,
                config: relay.config.clone(),
                names: TopicNames::of(&relay.config),
            })
        });
        let epoch = start.epochs.last().ok_or(RelayError::NoEpoch)?.epoch;
        let others = start.others.clone();
        // An id may be another order's in a restored log.
        relay.platforms.forget();
        let progress = enter_present_epoch(relay, &publishers[0], start).await?;
        relay.platforms.report(&progress);
        Ok(Self {
            relay,
            publishers,
            source: Source::new(relay, epoch),
            progress,
            others,
            epoch,
            _wanted: wanted,
        })
    }

    /// The epoch whose events are published.
    pub const fn epoch(&self) -> i32 {
        self.epoch
    }

    /// What was published when it began, and to where.
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The topics beside that of the orders.
    pub const fn others(&self) -> &OtherTopics {
        &self.others
    }

    /// Publishes until the role is to stop. One batch is on its way and one
    /// more is ready; never more than these two are in memory.
    pub async fn publish(&self) -> Result<(), Trouble> {
        let (ready, steps) = channel(1);
        let (prepared, to_commit) = channel(1);
        let (free, publishers) = channel(self.publishers.len());
        for publisher in &self.publishers {
            // Never full: there is room for each.
            let _ = free.try_send(Arc::clone(publisher));
        }
        let (end, (), ()) = tokio::try_join!(
            // Whatever ends it, what was read before is published.
            async { Ok(self.read(ready).await) },
            self.send(steps, publishers, prepared),
            self.commit(to_commit, free),
        )?;
        end
    }

    /// First stage.
    async fn read(&self, ready: Sender<Step>) -> Result<(), Trouble> {
        let mut done = self.progress.clone();
        // What a topic of a platform lacks does not keep new events waiting, nor
        // they it.
        let mut new_first = true;
        // The others end with an error of their own.
        while let Ok(place) = ready.reserve().await {
            let step = tokio::select! {
                biased;
                () = self.relay.shutdown.cancelled() => break,
                step = self.source.next(&done, new_first) => step?,
            };
            new_first = step.is_history();
            done.clone_from(&step.progress);
            place.send(step);
        }
        Ok(())
    }

    /// Second stage.
    async fn send(
        &self,
        mut steps: Receiver<Step>,
        mut publishers: Receiver<Arc<Publisher>>,
        sent: Sender<Sent>,
    ) -> Result<(), Trouble> {
        while let Some(step) = steps.recv().await
            && let Some(publisher) = publishers.recv().await
        {
            let Step {
                batch,
                progress,
                complete,
            } = step;
            let mut next = Sent {
                span: publish_span(&batch, &publisher.names.events),
                events: batch.events,
                progress,
                complete,
                publisher,
                since: Instant::now(),
            };
            let (publisher, progress) = (Arc::clone(&next.publisher), next.progress.clone());
            let sending = blocking(move || publisher.send(batch, &progress));
            if let Err(failure) = sending.await {
                next.span.failed("send");
                return Err(trouble(failure));
            }
            if sent.send(next).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Third stage.
    async fn commit(
        &self,
        mut sent: Receiver<Sent>,
        free: Sender<Arc<Publisher>>,
    ) -> Result<(), Trouble> {
        while let Some(mut next) = sent.recv().await {
            let publisher = Arc::clone(&next.publisher);
            let committing = blocking(move || publisher.producer.commit::<RelayError>());
            if let Err(failure) = committing.await {
                next.span.failed("commit");
                return Err(trouble(failure));
            }
            let took = next.since.elapsed();
            let status = &self.relay.status;
            status.published(next.events, next.progress.at, took);
            self.relay.commits.fetch_add(1, Ordering::Relaxed);
            if !next.complete.is_empty() {
                self.relay.platforms.report(&next.progress);
            }
            for platform in next.complete {
                tracing::info!(platform, "relay.platform_topic_complete");
            }
            // Nobody takes it where nothing more is to be sent.
            let _ = free.send(next.publisher).await;
        }
        Ok(())
    }
}

/// Of a batch that is sent, linked to the commands whose events are in it.
fn publish_span(batch: &Batch, topic: &str) -> Span {
    let is_new = |record: &&Record| !matches!(record.target, Target::Platform(_));
    let commands = batch.records.iter().filter(is_new);
    let commands = commands.filter_map(|record| record.event.envelope.traceparent.as_deref());
    let sent = (SpanKind::Producer, "send");
    Span::of_batch(commands, sent, topic, batch.records.len())
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
