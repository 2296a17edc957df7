//! The topic that a build's offsets belong to.

use infra::{
    config::Config,
    kafka::{self, MetadataClient, TopicError, TopicId, Watermarks},
};
use rdkafka::types::RDKafkaErrorCode;
use std::{collections::BTreeMap, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

/// How often a running projector asks whether its topic is still the same.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);

/// How long the leaders of a topic's partitions may take to be known.
const ELECTION: Duration = Duration::from_secs(10);
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// A topic at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TopicState {
    /// Kafka's id of it, as text.
    pub id: String,
    /// Range of each partition.
    pub ranges: BTreeMap<i32, Watermarks>,
}

impl TopicState {
    /// Asks Kafka; `topic` is the name without the deployment's prefix. Waits
    /// a moment for a topic that was made just now.
    pub async fn read(config: &Config, topic: &str) -> Result<Self, TopicError> {
        let deadline = Instant::now() + ELECTION;
        loop {
            match Self::read_once(config, topic).await {
                Ok(Some(state)) => return Ok(state),
                Ok(None) => {}
                Err(error) if is_electing(&error) && Instant::now() < deadline => {}
                Err(error) => return Err(error),
            }
            sleep(ASK_AGAIN).await;
        }
    }

    /// None: the topic was made anew in between.
    async fn read_once(config: &Config, topic: &str) -> Result<Option<Self>, TopicError> {
        let id = kafka::topic_id(config, topic).await?;
        let watermarks = kafka::watermarks(config, topic).await?;
        if kafka::topic_id(config, topic).await? != id {
            return Ok(None);
        }
        Ok(Some(Self {
            id: id.to_string(),
            ranges: (0..).zip(watermarks).collect(),
        }))
    }
}

fn is_electing(error: &TopicError) -> bool {
    use RDKafkaErrorCode::{LeaderNotAvailable, NotLeaderForPartition, UnknownPartition};
    let TopicError::Client(error) = error else {
        return false;
    };
    matches!(
        error.rdkafka_error_code(),
        Some(LeaderNotAvailable | NotLeaderForPartition | UnknownPartition)
    )
}

/// Follows the id of a topic, and tells the last one that Kafka named.
///
/// Offsets alone do not tell that a topic was made anew: they fit again as
/// soon as it has grown as long as the old one was.
pub(super) async fn watch_id(
    config: Config,
    topic: &'static str,
    seen: watch::Sender<Option<TopicId>>,
    shutdown: CancellationToken,
) {
    let name = config.kafka_name(topic);
    let mut client = MetadataClient::new(&config);
    loop {
        if let Ok(metadata) = client.describe(&[&name]).await
            && let Some(topic) = metadata.topic(&name)
        {
            seen.send_replace(Some(topic.id));
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = sleep(WATCH_INTERVAL) => {}
        }
    }
}
