//! Reading what is committed at the end of a topic.
//!
//! All of this blocks. The end of a partition is where its position reaches
//! the last stable offset; counting records would never get there, because
//! transaction markers and aborted records take offsets too.

use super::{QuietContext, client_config};
use crate::config::Config;
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
    error::{KafkaError, KafkaResult},
    message::BorrowedMessage,
    types::RDKafkaErrorCode,
};
use std::{
    ops::Range,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(200);
/// How many offsets from the end are read at first.
const WINDOW: i64 = 64;

/// A `read_committed` consumer outside every group.
pub struct TailReader(BaseConsumer<QuietContext>);

impl TailReader {
    /// Connects to nothing yet; `name` is the one that Kafka knows it by, with
    /// the deployment's prefix before it.
    pub fn new(config: &Config, name: &str) -> KafkaResult<Self> {
        let mut client = client_config(config);
        client
            // librdkafka assigns only with a group's name; no group is joined.
            .set("group.id", config.kafka_name(name))
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error")
            .set("isolation.level", "read_committed")
            // A fetch that waits at the end holds up what is asked after it on
            // the same connection.
            .set("fetch.wait.max.ms", "10")
            // What is fetched ahead: little, however much of a topic is read.
            .set("queued.min.messages", "10000")
            .set("queued.max.messages.kbytes", "16384")
            .set("fetch.queue.backoff.ms", "10");
        Ok(Self(client.create_with_context(QuietContext)?))
    }

    /// The value of the last committed record with this key in partition 0,
    /// `None` where there is none, or its last one is a tombstone. Reads
    /// backwards in growing steps, so that it takes no longer on a topic that
    /// has not been compacted for a while.
    pub fn last_value(&self, topic: &str, key: &str) -> KafkaResult<Option<Vec<u8>>> {
        let (low, end) = self.0.fetch_watermarks(topic, 0, PATIENCE)?;
        let mut window = WINDOW;
        loop {
            let from = end.saturating_sub(window).max(low);
            let mut last = None;
            self.scan(topic, 0, from..end, |record_key, value| {
                if record_key == Some(key.as_bytes()) {
                    last = Some(value.map(<[u8]>::to_vec));
                }
                false
            })?;
            match last {
                Some(value) => return Ok(value),
                None if from == low => return Ok(None),
                None => window = window.saturating_mul(16),
            }
        }
    }

    /// Whether anything committed is, or was, in one of the partitions.
    pub fn holds_records(&self, topic: &str, partitions: i32) -> KafkaResult<bool> {
        for partition in 0..partitions {
            let (low, end) = self.0.fetch_watermarks(topic, partition, PATIENCE)?;
            let mut found = low > 0;
            if !found {
                self.scan(topic, partition, low..end, |_, _| {
                    found = true;
                    true
                })?;
            }
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Hands key and value of each committed record of `range` to `seen`, until
    /// that says that it is enough.
    pub fn scan(
        &self,
        topic: &str,
        partition: i32,
        range: Range<i64>,
        mut seen: impl FnMut(Option<&[u8]>, Option<&[u8]>) -> bool,
    ) -> KafkaResult<()> {
        self.records(topic, partition, range, |record| {
            seen(record.key(), record.payload())
        })
    }

    /// The same with all that there is of each record.
    pub fn records(
        &self,
        topic: &str,
        partition: i32,
        range: Range<i64>,
        seen: impl FnMut(&BorrowedMessage<'_>) -> bool,
    ) -> KafkaResult<()> {
        if range.is_empty() {
            return Ok(());
        }
        let mut assignment = TopicPartitionList::new();
        assignment.add_partition_offset(topic, partition, Offset::Offset(range.start))?;
        self.0.assign(&assignment)?;
        let read = self.read_to(partition, range.end, seen);
        self.0.unassign()?;
        read
    }

    fn read_to(
        &self,
        partition: i32,
        end: i64,
        mut seen: impl FnMut(&BorrowedMessage<'_>) -> bool,
    ) -> KafkaResult<()> {
        let mut deadline = Instant::now() + PATIENCE;
        loop {
            match self.0.poll(POLL) {
                Some(Ok(record)) => {
                    deadline = Instant::now() + PATIENCE;
                    if record.offset() < end && seen(&record) {
                        return Ok(());
                    }
                    if record.offset() + 1 >= end {
                        return Ok(());
                    }
                }
                // The position is at the last stable offset, whatever took the
                // offsets before it.
                Some(Err(KafkaError::PartitionEOF(p))) if p == partition => return Ok(()),
                Some(Err(error)) if !passes(&error) => return Err(error),
                Some(Err(_)) | None => {}
            }
            if Instant::now() >= deadline {
                return Err(KafkaError::MessageConsumption(
                    RDKafkaErrorCode::OperationTimedOut,
                ));
            }
        }
    }
}

/// Errors that the client library is mending already.
fn passes(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
        )
    )
}
