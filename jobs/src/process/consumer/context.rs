//! What librdkafka calls back, on the thread that polls: rebalances and
//! statistics.

use crate::process::{
    metrics,
    status::{Status, WorkerState},
};
use infra::kafka::QuietContext;
use rdkafka::{
    ClientContext, Statistics,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, ConsumerContext, Rebalance},
    error::{KafkaError, KafkaResult},
    topic_partition_list::{TopicPartitionList, TopicPartitionListElem},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What is known of an assigned partition.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// Offset that is read next; none: nothing was read yet.
    next: Option<i64>,
    /// The end was reached since the last record. Offsets do not tell: the
    /// markers at the end of transactions take some.
    at_end: bool,
}

pub(super) struct Context {
    topic: String,
    status: Status,
    /// None: not a member of the group yet.
    assigned: Mutex<Option<BTreeMap<i32, Seen>>>,
}

impl Context {
    pub fn new(topic: String, status: Status) -> Self {
        Self {
            topic,
            status,
            assigned: Mutex::new(None),
        }
    }

    /// A record was polled.
    pub fn polled(&self, partition: i32, offset: i64) {
        self.see(partition, |seen| {
            *seen = Seen {
                next: Some(offset + 1),
                at_end: false,
            };
        });
    }

    /// The end of a partition was reached.
    pub fn reached_end(&self, partition: i32) {
        self.see(partition, |seen| seen.at_end = true);
    }

    fn see(&self, partition: i32, change: impl FnOnce(&mut Seen)) {
        let mut assigned = self.assigned();
        if let Some(seen) = assigned.as_mut().and_then(|a| a.get_mut(&partition)) {
            change(seen);
        }
    }

    fn assigned(&self) -> MutexGuard<'_, Option<BTreeMap<i32, Seen>>> {
        self.assigned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody may be shown the lag of a partition that is another worker's.
    fn give_up(&self) {
        for partition in self.assigned().take().unwrap_or_default().into_keys() {
            metrics::lag(partition, 0);
        }
    }

    fn reached(&self, reachable: bool, joined: bool) {
        if !reachable {
            let away = WorkerState::Waiting("Kafka cannot be reached".into());
            if self.status.set(away) {
                tracing::warn!("process.kafka_unreachable");
            }
        } else if joined {
            self.status.set(WorkerState::Following);
        }
    }

    fn take_up(&self, partitions: &TopicPartitionList) {
        let numbers = partitions.elements();
        let numbers = numbers.iter().map(TopicPartitionListElem::partition);
        let assigned: BTreeMap<i32, Seen> = numbers.map(|p| (p, Seen::default())).collect();
        tracing::info!(partitions = ?assigned.keys(), "process.assigned");
        *self.assigned() = Some(assigned);
        self.status.set(WorkerState::Following);
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        let reachable = statistics
            .brokers
            .values()
            .any(|broker| broker.state == "UP");
        let assigned = self.assigned().clone();
        self.reached(reachable, assigned.is_some());
        let Some(topic) = statistics.topics.get(&self.topic) else {
            return;
        };
        for (partition, seen) in assigned.unwrap_or_default() {
            let Some(known) = topic.partitions.get(&partition) else {
                continue;
            };
            let next = seen.next.unwrap_or(known.committed_offset).max(0);
            let behind = (known.ls_offset - next).max(0);
            metrics::lag(partition, if seen.at_end { 0 } else { behind });
        }
    }

    /// While Kafka is away librdkafka has some lines a second to say; that it
    /// is away is said once.
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        QuietContext.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        QuietContext.error(error, reason);
    }
}

impl ConsumerContext for Context {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(partitions) => self.take_up(partitions),
            Rebalance::Revoke(_) | Rebalance::Error(_) => self.give_up(),
        }
    }

    /// What was not committed is read again, and has no effect again.
    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            tracing::debug!(%error, "process.commit_failed");
        }
    }
}
