//! What a topic holds that the log has lost: after a restored log has begun a
//! new epoch, orders may be gone that were published.

use super::{Published, store};
use infra::{
    config::Config,
    kafka::{TailReader, Watermarks},
};
use rdkafka::error::KafkaError;
use sqlx::PgPool;
use std::str;
use tokio::runtime::Handle;
use uuid::Uuid;

/// Keys that are looked up at once.
const PAGE: usize = 1_000;

/// Why the topic could not be gone through.
#[derive(Debug, thiserror::Error)]
pub enum LeftoversError {
    /// Of Kafka.
    #[error("the published documents cannot be read")]
    Kafka(#[from] KafkaError),
    /// Of the views.
    #[error("the views do not answer")]
    Views(#[from] sqlx::Error),
}

/// Notes every key within these ranges of the topic that has no document; how
/// many there are. In bounded memory; blocks.
pub fn note_all(
    config: &Config,
    views: &PgPool,
    projection: &str,
    published: &Published,
    ranges: &[Watermarks],
) -> Result<u64, LeftoversError> {
    let reader = TailReader::new(config, &super::name(projection))?;
    let topic = config.kafka_name(published.topic.name);
    let (mut noted, runtime) = (0, Handle::current());
    let mut note = |ids: &mut Vec<Uuid>| {
        let missing = store::note_missing(views, projection, published.table, ids);
        noted += runtime.block_on(missing)?;
        ids.clear();
        Ok::<_, sqlx::Error>(())
    };
    for (partition, range) in (0..).zip(ranges) {
        let (mut ids, mut failed) = (Vec::with_capacity(PAGE), None);
        reader.scan(&topic, partition, range.low..range.end, |key, value| {
            ids.extend(value.and(key).and_then(id));
            if ids.len() >= PAGE {
                failed = note(&mut ids).err();
            }
            failed.is_some()
        })?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        note(&mut ids)?;
    }
    Ok(noted)
}

fn id(key: &[u8]) -> Option<Uuid> {
    Uuid::try_parse(str::from_utf8(key).ok()?).ok()
}
