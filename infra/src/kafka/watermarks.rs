//! How far each partition of a topic reaches.

use super::{QuietContext, TopicError, blocking, client_config, partitions};
use crate::config::Config;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

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
        (0..partitions)
            .map(|partition| {
                let (low, end) = consumer.fetch_watermarks(&name, partition, PATIENCE)?;
                Ok(Watermarks { low, end })
            })
            .collect()
    })
    .await
}
