//! One membership of the consumer group: from joining it until anything
//! unusual happens.

use super::{
    GROUP,
    context::Context,
    poll::{Polled, poll},
};
use crate::{
    process::{
        epoch::{Log, RealignError, realign},
        metrics,
        plan::{Heard, Plan, Rules},
        record::{EpochBegan, Poison, Record},
        status::Status,
        store::{WriteError, write_batch},
    },
    webhooks::{AttendError, Messages, News},
};
use contracts::topics;
use infra::{config::Config, jobs::Announcer, kafka::client_config, webhooks::Endpoint};
use rdkafka::{
    Offset, TopicPartitionList,
    config::ClientConfig,
    consumer::{BaseConsumer, CommitMode, Consumer as _},
    error::{KafkaError, KafkaResult},
};
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use tokio::{runtime::Handle, sync::Notify};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Why a session ended although nobody told it to. The next one begins with
/// what the group has committed.
#[derive(Debug, thiserror::Error)]
pub enum Leave {
    /// A batch was not written, and may be later.
    #[error("the ops database does not take the batch")]
    Store(#[source] sqlx::Error),
    /// Another consumer writes the same orders.
    #[error("another worker has the partitions")]
    Raced,
    /// Its events cannot be told to webhook endpoints yet.
    #[error(transparent)]
    Deliver(AttendError),
    /// The log was restored, and the orders are not yet in line with it.
    #[error("the orders cannot be brought into line with the log")]
    Realign(#[source] RealignError),
    /// What platforms say cannot be read yet.
    #[error("the platforms cannot be read")]
    Platforms(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The client failed in a way that it does not mend by itself.
    #[error("the Kafka consumer failed")]
    Consumer(#[source] KafkaError),
}

/// How a session ended.
pub(super) enum Ended {
    /// It was told to stop.
    Stopped,
    /// It has to be begun anew.
    Left(Leave),
    /// There is a record that cannot be reacted to.
    Poisoned(Box<Poison>),
}

impl From<WriteError<Box<Poison>>> for Ended {
    fn from(error: WriteError<Box<Poison>>) -> Self {
        match error {
            WriteError::Database(error) => Self::Left(Leave::Store(error)),
            WriteError::Raced => Self::Left(Leave::Raced),
            WriteError::Deliver(error) => Self::Left(Leave::Deliver(error)),
            WriteError::Plan(poison) => Self::Poisoned(poison),
        }
    }
}

/// What a session needs.
pub(super) struct Session<'a> {
    pub config: &'a Config,
    pub ops: &'a PgPool,
    pub log: &'a Log,
    pub wake: &'a Notify,
    /// Tells of jobs that send what is to be delivered.
    pub announcer: &'a Announcer,
    pub status: &'a Status,
    pub runtime: &'a Handle,
    pub shutdown: &'a CancellationToken,
}

impl Session<'_> {
    /// Consumes until something ends it. Blocks the thread. `progressed` is
    /// called after each batch.
    pub fn run(&self, progressed: &mut dyn FnMut()) -> Ended {
        let consumer = match self.join() {
            Ok(consumer) => consumer,
            Err(error) => return Ended::Left(Leave::Consumer(error)),
        };
        while !self.shutdown.is_cancelled() {
            let polled = match poll(&consumer) {
                Ok(polled) => polled,
                Err(leave) => return Ended::Left(leave),
            };
            match self.react(&consumer, polled) {
                Ok(true) => progressed(),
                Ok(false) => {}
                Err(ended) => return ended,
            }
        }
        Ended::Stopped
    }

    fn join(&self) -> KafkaResult<BaseConsumer<Context>> {
        let topic = self.config.kafka_name(topics::ORDER_EVENTS);
        let mut client = client_config(self.config);
        settings(&mut client).set("group.id", self.config.kafka_name(GROUP));
        let context = Context::new(topic.clone(), self.status.clone());
        let consumer: BaseConsumer<Context> = client.create_with_context(context)?;
        consumer.subscribe(&[&topic])?;
        Ok(consumer)
    }

    /// Writes what follows from the records, then commits the group's
    /// offsets. False: there were none.
    fn react(&self, consumer: &BaseConsumer<Context>, polled: Polled) -> Result<bool, Ended> {
        let some = !polled.records.is_empty();
        if some {
            self.write(&polled.records)?;
            let read = polled.records.iter().map(|r| (r.partition, r.offset));
            self.commit(consumer, read)?;
        }
        if let Some(began) = polled.epoch {
            self.enter(began)?;
            self.commit(consumer, [(began.partition, began.offset)])?;
        }
        match polled.poison {
            Some(poison) => Err(Ended::Poisoned(Box::new(poison))),
            None => Ok(some || polled.epoch.is_some()),
        }
    }

    /// The log goes on as another epoch, from here on in this partition.
    fn enter(&self, began: EpochBegan) -> Result<(), Ended> {
        let realigned = realign(
            self.log,
            self.ops,
            self.config,
            began.partition,
            began.epoch,
        );
        let realigned = self.runtime.block_on(realigned);
        let orders = realigned.map_err(|error| Ended::Left(Leave::Realign(error)))?;
        if orders > 0 {
            self.wake.notify_one();
        }
        Ok(())
    }

    fn commit(
        &self,
        consumer: &BaseConsumer<Context>,
        read: impl IntoIterator<Item = (i32, i64)>,
    ) -> Result<(), Ended> {
        // Only a consumer that is unusable refuses to take it down.
        commit(consumer, self.config, read).map_err(|e| Ended::Left(Leave::Consumer(e)))
    }

    fn write(&self, records: &[Record]) -> Result<(), Ended> {
        let saved = self.runtime.block_on(self.log.saved());
        let saved = saved.map_err(|error| Ended::Left(Leave::Platforms(error)))?;
        let rules = Rules {
            config: self.config,
            saved: &saved,
        };
        let topic = self.config.kafka_name(topics::ORDER_EVENTS);
        let orders: BTreeSet<_> = records.iter().map(|r| r.envelope.subject).collect();
        let partitions = records.iter().map(|r| r.partition).collect();
        let plan = |mut plan: Plan, epochs: &BTreeMap<i32, i32>| {
            for record in records {
                // Read before the log was restored, and read again.
                let epoch = epochs.get(&record.partition).copied().unwrap_or_default();
                if record.envelope.position.at.epoch < epoch {
                    plan.known += 1;
                    continue;
                }
                let added = plan.add(record, rules);
                added.map_err(|source| Box::new(record.poison(&topic, source)))?;
            }
            Ok(plan)
        };
        let tell = |heard: &[Heard], endpoints: &[Endpoint]| {
            let ids = records.iter().map(|record| (record.envelope.id, record));
            let records: BTreeMap<Uuid, &Record> = ids.collect();
            let mut messages = Messages::default();
            for heard in heard {
                let Some(record) = records.get(&heard.id) else {
                    continue;
                };
                let news = News {
                    envelope: &record.envelope,
                    event: &record.event,
                    platform: &heard.platform,
                    history: heard.history,
                };
                messages.add(&news, endpoints)?;
            }
            Ok(messages)
        };
        let plan = self.runtime.block_on(async {
            let written = write_batch(self.ops, &partitions, &orders, plan, tell);
            let (plan, enqueued) = written.await?;
            self.announcer.announce(&enqueued).await;
            Ok::<_, Ended>(plan)
        })?;
        metrics::written(records.len() as u64 - plan.known, plan.known, &plan.steps);
        if !plan.steps.is_empty() {
            self.wake.notify_one();
        }
        Ok(())
    }
}

/// Tells the group how far it is, without waiting: what Kafka does not hear of
/// is read again, and has no effect again.
fn commit(
    consumer: &BaseConsumer<Context>,
    config: &Config,
    read: impl IntoIterator<Item = (i32, i64)>,
) -> KafkaResult<()> {
    let mut next = BTreeMap::new();
    for (partition, offset) in read {
        next.insert(partition, offset + 1);
    }
    let topic = config.kafka_name(topics::ORDER_EVENTS);
    let mut offsets = TopicPartitionList::with_capacity(next.len());
    for (partition, offset) in next {
        offsets.add_partition_offset(&topic, partition, Offset::Offset(offset))?;
    }
    consumer.commit(&offsets, CommitMode::Async)
}

fn settings(client: &mut ClientConfig) -> &mut ClientConfig {
    client
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // Whatever Kafka has forgotten of the group: what is known already has
        // no effect.
        .set("auto.offset.reset", "earliest")
        .set("partition.assignment.strategy", "range")
        // The partitions of a killed worker are taken over after this long.
        .set("session.timeout.ms", "6000")
        // Also how soon a member hears of a rebalance.
        .set("heartbeat.interval.ms", "500")
        .set("enable.partition.eof", "true")
        .set("statistics.interval.ms", "2000")
        // Bounds the memory of a worker that has much to catch up with.
        .set("queued.min.messages", "5000")
        .set("queued.max.messages.kbytes", "16384")
        .set("fetch.queue.backoff.ms", "10")
}
