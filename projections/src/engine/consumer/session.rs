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
    event::Poison,
    failure::BatchError,
    metrics::{APPLIED, BATCH, REFOLDED, SKIPPED},
    opened::{self, Opened},
    projection::Projection,
    status::WorkerStatus,
};
use infra::{
    kafka::{TopicId, client_config},
    sealing::KeysUnavailable,
};
use rdkafka::{
    config::ClientConfig,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, KafkaResult},
};
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
    /// The keys of personal data could not be read.
    #[error(transparent)]
    Keys(KeysUnavailable),
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
    /// There is a record that cannot be applied.
    Poisoned(Box<Poison>),
}

/// What a session needs.
pub(in crate::engine) struct Session<'a, P: Projection> {
    pub engine: &'a Engine<P>,
    pub runtime: &'a Handle,
    pub announcer: &'a Announcer,
    pub status: &'a WorkerStatus,
    pub topic_id: &'a watch::Receiver<Option<TopicId>>,
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
        while !self.shutdown.is_cancelled() {
            if self.topic_was_replaced() {
                return Ended::Left(Leave::OtherTopic);
            }
            let polled = match poll::<P>(&consumer, self.prepared.epoch) {
                Ok(polled) => polled,
                Err(leave) => return Ended::Left(leave),
            };
            let topic = &consumer.context().topic;
            let opening = opened::records::<P>(&self.engine.sealing, topic, polled.records);
            let opened = match self.runtime.block_on(opening) {
                Ok(opened) => opened,
                Err(away) => return Ended::Left(Leave::Keys(away)),
            };
            match self.apply(consumer.context(), &opened) {
                Ok(()) if opened.records.is_empty() => {}
                Ok(()) => progressed(),
                Err(BatchError::Poison(poison)) => return Ended::Poisoned(poison),
                Err(error) => return Ended::Left(Leave::Batch(error)),
            }
            // What was found while opening stands before what ended the poll.
            if let Some(poison) = opened.poison.or(polled.poison) {
                return Ended::Poisoned(Box::new(poison));
            }
        }
        Ended::Stopped
    }

    fn join(&self) -> KafkaResult<BaseConsumer<Context>> {
        let context = Context::new(
            P::NAME,
            self.engine.topic(),
            self.engine.views().clone(),
            self.runtime.clone(),
            self.status.clone(),
        );
        let mut client = client_config(&self.engine.config);
        settings(&mut client).set("group.id", self.engine.group());
        let consumer: BaseConsumer<Context> = client.create_with_context(context)?;
        consumer.subscribe(&[&self.engine.topic()])?;
        Ok(consumer)
    }

    fn topic_was_replaced(&self) -> bool {
        let seen = self.topic_id.borrow();
        seen.is_some_and(|id| id.to_string() != self.prepared.topic_id)
    }

    fn apply(&self, context: &Context, opened: &Opened<P::Data>) -> Result<(), BatchError> {
        if opened.records.is_empty() {
            return Ok(());
        }
        let mut assignment = context.assignment();
        let applied = self.runtime.block_on(self.engine.applier.apply(
            &context.topic,
            &mut assignment.held,
            &opened.records,
        ))?;
        drop(assignment);
        count::<P>(&applied, opened.records.len());
        self.announcer.changed(applied.changed);
        self.announcer
            .moved(opened.records.iter().map(|r| r.partition));
        Ok(())
    }
}

fn settings(client: &mut ClientConfig) -> &mut ClientConfig {
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
        .set("queued.max.messages.kbytes", "16384")
        .set("fetch.queue.backoff.ms", "10")
}

fn count<P: Projection>(applied: &Outcome, records: usize) {
    let projection = [("projection", P::NAME)];
    metrics::counter!(APPLIED, &projection).increment(applied.applied);
    metrics::counter!(SKIPPED, &projection).increment(applied.skipped);
    metrics::counter!(REFOLDED, &projection).increment(applied.refolded);
    #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
    metrics::histogram!(BATCH, &projection).record(records as f64);
}
