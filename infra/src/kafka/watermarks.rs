//! How far each partition of a topic reaches.

use super::{QuietContext, TopicError, blocking, client_config, mends_itself, partitions};
use crate::config::Config;
use rdkafka::{
    consumer::{BaseConsumer, Consumer as _},
    error::KafkaResult,
};
use std::{
    thread,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(10);
/// Between tries: a partition that was just made or moved has its leader soon.
const PAUSE: Duration = Duration::from_millis(50);

/// The range of one partition: `low ≤ offset < end`. Not every offset in it is
/// a record: those of transaction markers and of aborted records are spent,
/// compaction removes some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// First offset that is kept.
    pub low: i64,
    /// The last stable offset: where a `read_committed` consumer that has seen
    /// everything stands. Below the high watermark while a transaction is open.
    pub end: i64,
}

/// The watermarks of each partition of `topic` (its name without the
/// deployment's prefix), by partition number.
pub async fn watermarks(config: &Config, topic: &str) -> Result<Vec<Watermarks>, TopicError> {
    let partitions = partitions(config, topic).await?;
    let name = config.kafka_name(topic);
    let mut client = client_config(config);
    // librdkafka asks for the offsets of the isolation level it is set to.
    client.set("isolation.level", "read_committed");
    blocking(move || {
        let consumer: BaseConsumer<_> = client.create_with_context(QuietContext)?;
        let of = |partition| Ok(fetch(&consumer, &name, partition)?);
        (0..partitions).map(of).collect()
    })
    .await
}

fn fetch(
    consumer: &BaseConsumer<QuietContext>,
    topic: &str,
    partition: i32,
) -> KafkaResult<Watermarks> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match consumer.fetch_watermarks(topic, partition, PATIENCE) {
            Ok((low, end)) => return Ok(Watermarks { low, end }),
            Err(error) if !mends_itself(&error) || Instant::now() >= deadline => return Err(error),
            Err(_) => thread::sleep(PAUSE),
        }
    }
}
