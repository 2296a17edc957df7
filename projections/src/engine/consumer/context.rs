//! What librdkafka calls back: rebalances and statistics. All of it runs on
//! the thread that polls, so never while a batch is being applied.

use super::lag::Lag;
use crate::engine::{
    parking,
    status::{WorkerState, WorkerStatus},
    store::{self, Held},
};
use rdkafka::{
    ClientContext, Offset, Statistics, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
    error::{KafkaError, KafkaResult},
    topic_partition_list::TopicPartitionListElem,
    types::{RDKafkaErrorCode, RDKafkaRespErr},
};
use sqlx::PgPool;
use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::runtime::Handle;

/// Why an assignment could not be taken up.
#[derive(Debug, thiserror::Error)]
pub enum AssignError {
    /// The offsets could not be loaded.
    #[error("the stored offsets cannot be loaded")]
    Offsets(#[source] sqlx::Error),
    /// There is none for this partition.
    #[error("partition {0} has no stored offset")]
    NoOffset(i32),
    /// The projection is served from another build than the one that was found
    /// to be ours to go on with: another release may have made it.
    #[error("build {0} is served by now")]
    OtherBuild(i64),
    /// The client refused the assignment.
    #[error("the assignment cannot be taken up")]
    Assign(#[source] KafkaError),
}

/// What a consumer knows of its assignment.
#[derive(Default)]
pub(super) struct Assignment {
    /// Rises with each rebalance: what was polled before one must not be
    /// applied after it.
    pub generation: u64,
    /// The checkpoints of the assigned partitions, as far as we know.
    pub held: Held,
    pub lag: Lag,
    /// Set when the last assignment could not be taken up.
    pub failure: Option<AssignError>,
}

pub(super) struct Context {
    pub projection: &'static str,
    pub topic: String,
    views: PgPool,
    /// The build that may be gone on with.
    build: i64,
    runtime: Handle,
    status: WorkerStatus,
    assignment: Mutex<Assignment>,
}

impl Context {
    pub fn new(
        projection: &'static str,
        topic: String,
        (views, build): (PgPool, i64),
        runtime: Handle,
        status: WorkerStatus,
    ) -> Self {
        Self {
            projection,
            topic,
            views,
            build,
            runtime,
            status,
            assignment: Mutex::default(),
        }
    }

    pub fn assignment(&self) -> MutexGuard<'_, Assignment> {
        self.assignment
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on from the offsets in Postgres, whatever Kafka remembers of the
    /// group.
    fn take_up(
        &self,
        consumer: &BaseConsumer<Self>,
        assigned: &TopicPartitionList,
    ) -> Result<Held, AssignError> {
        let stored = store::held(&self.views, self.projection);
        let mut held = self
            .runtime
            .block_on(stored)
            .map_err(AssignError::Offsets)?;
        if held.build != self.build {
            return Err(AssignError::OtherBuild(held.build));
        }
        let partitions: Vec<i32> = assigned
            .elements()
            .iter()
            .map(TopicPartitionListElem::partition)
            .collect();
        held.partitions
            .retain(|partition, _| partitions.contains(partition));
        let mut from = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            let checkpoint = held.partitions.get(&partition);
            let checkpoint = checkpoint.ok_or(AssignError::NoOffset(partition))?;
            from.add_partition_offset(&self.topic, partition, Offset::Offset(checkpoint.next))
                .map_err(AssignError::Assign)?;
        }
        consumer.assign(&from).map_err(AssignError::Assign)?;
        Ok(held)
    }

    fn assigned(&self, consumer: &BaseConsumer<Self>, partitions: &TopicPartitionList) {
        let taken_up = self.take_up(consumer, partitions);
        let mut assignment = self.assignment();
        assignment.generation += 1;
        match taken_up {
            Ok(held) => {
                let partitions: Vec<i32> = held.partitions.keys().copied().collect();
                tracing::info!(
                    projection = self.projection,
                    ?partitions,
                    "projector.assigned"
                );
                assignment.lag.assigned(partitions);
                assignment.held = held;
                self.status.set(WorkerState::Following);
            }
            Err(error) => {
                assignment.failure = Some(error);
                drop(assignment);
                // The group waits for an answer to its assignment, even so.
                warn_if_failed(consumer.unassign());
            }
        }
    }

    /// Gives up what was assigned. Records polled but not yet applied are
    /// abandoned: whoever is assigned next begins with the stored offsets.
    fn revoked(&self, consumer: &BaseConsumer<Self>) {
        let mut assignment = self.assignment();
        assignment.generation += 1;
        let held = mem::take(&mut assignment.held);
        parking::revoked(self.projection, held.partitions.keys());
        assignment.lag.revoked(self.projection);
        drop(assignment);
        tracing::info!(projection = self.projection, "projector.revoked");
        warn_if_failed(consumer.unassign());
    }
}

fn warn_if_failed(result: KafkaResult<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "projector.unassign_failed");
    }
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        let reachable = statistics
            .brokers
            .values()
            .any(|broker| broker.state == "UP");
        let mut assignment = self.assignment();
        let joined = assignment.generation > 0;
        let Assignment { held, lag, .. } = &mut *assignment;
        if let Some(topic) = statistics.topics.get(&self.topic) {
            lag.export(self.projection, held, &topic.partitions);
        }
        drop(assignment);
        match (reachable, joined) {
            (true, true) => self.status.set(WorkerState::Following),
            (true, false) => {}
            (false, _) => self
                .status
                .set(WorkerState::Waiting("Kafka cannot be reached".into())),
        }
    }

    /// The end of a partition is no error, though it is told as one.
    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::PartitionEOF) {
            return;
        }
        tracing::warn!(%error, reason, "projector.kafka");
    }
}

impl ConsumerContext for Context {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                self.assigned(consumer, partitions);
            }
            _ => self.revoked(consumer),
        }
    }
}
