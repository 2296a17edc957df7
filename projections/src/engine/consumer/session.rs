//! Joining, following, leaving.

use super::{
    context::{AssignError, Context},
    poll::poll,
};
use crate::engine::{
    announce::Announcer,
    applier::Outcome,
    bootstrap::Prepared,
    environment::Engine,
    event::Delivered,
    failure::BatchError,
    metrics::{APPLIED, APPLY, BATCH, DELIVERED, DELIVERY, REFOLDED, SKIPPED},
    opened::{self, Taken},
    parking::{self, Redriven},
    projection::Projection,
    status::WorkerStatus,
};
use infra::{
    clock,
    kafka::{TopicId, client_config},
    sealing::OpenError,
    traces::{Span, SpanKind},
};
use rdkafka::{
    config::ClientConfig,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, KafkaResult},
};
use std::{mem, time::Instant};
use tokio::{runtime::Handle, sync::watch};
use tokio_util::sync::CancellationToken;

/// Why a session ended although nobody told it to. The next one begins with
/// what is stored.
#[derive(Debug, thiserror::Error)]
pub enum Leave {
    /// The partitions could not be taken up.
    #[error(transparent)]
    Assignment(AssignError),
    /// A batch was not applied, and may be later.
    #[error(transparent)]
    Batch(BatchError),
    /// Personal data cannot be opened by this process.
    #[error(transparent)]
    Closed(OpenError),
    /// Kafka does not have the offset to go on from.
    #[error("Kafka does not have the offset to go on from")]
    OffsetOutOfRange {
        /// Build that the offset belongs to.
        build: i64,
    },
    /// The topic is not the one that the offsets belong to.
    #[error("the topic was made anew")]
    OtherTopic,
    /// The log goes on as another epoch than the build was made from.
    #[error("epoch {epoch} of the log has begun")]
    EpochBegan {
        /// The one that was announced.
        epoch: i32,
    },
    /// An epoch was announced, and nobody can read which.
    #[error("the announcement of an epoch cannot be read")]
    Announcement,
    /// The client failed in a way that it does not mend by itself.
    #[error("the Kafka consumer failed")]
    Consumer(#[source] KafkaError),
}

/// How a session ended.
pub(in crate::engine) enum Ended {
    /// It was told to stop.
    Stopped,
    /// It has to be begun anew.
    Left(Leave),
}

/// What a session needs.
pub(in crate::engine) struct Session<'a, P: Projection> {
    pub engine: &'a Engine<P>,
    pub runtime: &'a Handle,
    pub announcer: &'a Announcer,
    pub status: &'a WorkerStatus,
    pub topic_id: &'a watch::Receiver<Option<TopicId>>,
    /// Changes when there may be orders to be driven again.
    pub marks: &'a watch::Receiver<()>,
    pub shutdown: &'a CancellationToken,
    /// The build that was found to be usable.
    pub prepared: &'a Prepared,
}

impl<P: Projection> Session<'_, P> {
    /// Consumes until something ends it. Blocks the thread. `progressed` is
    /// called after each batch.
    pub fn run(&self, progressed: &mut dyn FnMut()) -> Ended {
        let consumer = match self.join() {
            Ok(consumer) => consumer,
            Err(error) => return Ended::Left(Leave::Consumer(error)),
        };
        let mut marks = self.marks.clone();
        marks.mark_changed();
        while !self.shutdown.is_cancelled() {
            if self.topic_was_replaced() {
                return Ended::Left(Leave::OtherTopic);
            }
            let taken = self.take(&consumer, &mut marks);
            match taken {
                Ok(0) => {}
                Ok(_) => progressed(),
                Err(leave) => return Ended::Left(leave),
            }
        }
        Ended::Stopped
    }

    fn join(&self) -> KafkaResult<BaseConsumer<Context>> {
        let context = Context::new(
            P::NAME,
            self.engine.topic(),
            (self.engine.views().clone(), self.prepared.build),
            self.runtime.clone(),
            self.status.clone(),
        );
        let mut client = client_config(&self.engine.config);
        settings::<P>(&mut client).set("group.id", self.engine.group());
        let consumer: BaseConsumer<Context> = client.create_with_context(context)?;
        consumer.subscribe(&[&self.engine.topic()])?;
        Ok(consumer)
    }

    fn topic_was_replaced(&self) -> bool {
        let seen = self.topic_id.borrow();
        seen.is_some_and(|id| id.to_string() != self.prepared.topic_id)
    }

    /// Applies a poll's worth of records, then drives again what is marked;
    /// how many records there were.
    fn take(
        &self,
        consumer: &BaseConsumer<Context>,
        marks: &mut watch::Receiver<()>,
    ) -> Result<usize, Leave> {
        let polled = poll::<P>(consumer, self.prepared.epoch)?;
        let delivered_at = Instant::now();
        if let Some(age) = oldest(&polled.records) {
            metrics::histogram!(DELIVERY, "projection" => P::NAME).record(age);
        }
        let delivered = u64::try_from(polled.records.len()).unwrap_or(u64::MAX);
        metrics::counter!(DELIVERED, "projection" => P::NAME).increment(delivered);
        let opening = opened::delivered::<P>(&self.engine.sealing, polled.records);
        let records = self.runtime.block_on(opening).map_err(Leave::Closed)?;
        let applied = self.apply(consumer.context(), &records);
        if !records.is_empty() {
            let took = delivered_at.elapsed();
            metrics::histogram!(APPLY, "projection" => P::NAME).record(took);
        }
        if applied.map_err(Leave::Batch)?.parked > 0 {
            marks.mark_changed();
        }
        if let Some(leave) = polled.leave {
            return Err(leave);
        }
        // Fails only when the role ends.
        if marks.has_changed().unwrap_or(false) {
            marks.mark_unchanged();
            let more = self.redrive(consumer.context()).map_err(Leave::Batch)?;
            if more {
                marks.mark_changed();
            }
        }
        Ok(records.len())
    }

    fn apply(
        &self,
        context: &Context,
        records: &[Delivered<P::Data>],
    ) -> Result<Outcome, BatchError> {
        if records.is_empty() {
            return Ok(Outcome::default());
        }
        let mut assignment = context.assignment();
        let mut applied = Outcome::default();
        let mut span = batch_span::<P>(records);
        let applying = self
            .engine
            .applier
            .apply(&mut assignment.held, records, &mut applied);
        let result = self.runtime.block_on(applying);
        drop(assignment);
        if result.is_err() {
            span.failed("batch");
        }
        drop(span);
        // Whatever came of the rest: this is committed.
        count::<P>(&applied, records.len());
        self.announcer.changed(mem::take(&mut applied.changed));
        self.announcer
            .moved(records.iter().map(|record| record.place().0));
        result.map(|()| applied)
    }

    /// Whether more is left to be driven.
    fn redrive(&self, context: &Context) -> Result<bool, BatchError> {
        let assignment = context.assignment();
        let mut redriven = Redriven::default();
        let driving = self.engine.applier.redrive(&assignment.held, &mut redriven);
        let result = self.runtime.block_on(driving);
        drop(assignment);
        self.announcer.changed(redriven.changed);
        self.announcer.moved(redriven.partitions);
        result.map(|()| redriven.more)
    }
}

/// Of a batch that is applied, linked to the commands whose events are in it.
fn batch_span<P: Projection>(records: &[Delivered<P::Data>]) -> Span {
    let commands = records.iter().filter_map(|record| match record {
        Delivered::Event(record) => record.event.envelope.traceparent.as_deref(),
        Delivered::Unreadable(_) | Delivered::Passed(_) => None,
    });
    let processed = (SpanKind::Consumer, "process");
    let mut span = Span::of_batch(commands, processed, P::TOPIC.name, records.len());
    span.set("orderlog.projection", P::NAME);
    span
}

/// Seconds since the oldest of these events was recorded.
fn oldest(records: &[Taken]) -> Option<f64> {
    let recorded = records.iter().filter_map(|taken| match taken {
        Taken::Event(event) => Some(event.published.envelope.time),
        Taken::Unreadable(_) | Taken::Passed(_) => None,
    });
    let recorded = recorded.min()?;
    Some((clock::now() - recorded).as_seconds_f64().max(0.0))
}

fn settings<P: Projection>(client: &mut ClientConfig) -> &mut ClientConfig {
    client
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        // Eager: an assignment is always the whole of it.
        .set("partition.assignment.strategy", "range")
        // The partitions of a killed worker are taken over after this long.
        .set("session.timeout.ms", "6000")
        // Also how soon a member hears of a rebalance.
        .set("heartbeat.interval.ms", "500")
        .set("enable.partition.eof", "true")
        .set("statistics.interval.ms", "2000")
        // Bounds the memory of a worker that has much to catch up with.
        .set("queued.min.messages", "10000")
        .set("queued.max.messages.kbytes", P::FETCHED_AHEAD.to_string())
        .set("fetch.queue.backoff.ms", "10")
}

fn count<P: Projection>(applied: &Outcome, records: usize) {
    let projection = [("projection", P::NAME)];
    metrics::counter!(APPLIED, &projection).increment(applied.applied);
    metrics::counter!(SKIPPED, &projection).increment(applied.skipped);
    metrics::counter!(REFOLDED, &projection).increment(applied.refolded);
    parking::count(P::NAME, applied.parked);
    #[expect(clippy::cast_precision_loss, reason = "at most a few thousand")]
    metrics::histogram!(BATCH, &projection).record(records as f64);
}
