//! Kafka clients and topics.

mod context;
mod mends;
mod metadata;
mod records;
mod secured;
mod tail;
mod topic_id;
mod topics;
mod transaction;
mod watermarks;
mod wire;

pub use context::QuietContext;
pub use mends::mends_itself;
pub use metadata::{MetadataClient, TopicMetadata};
pub use records::headers;
pub use tail::TailReader;
pub use topic_id::{InvalidTopicId, TopicId};
pub use topics::{Checked, check_topics, ensure_topic, ensure_topics};
pub use transaction::{DeadProducer, Failure, Transaction, TransactionalProducer};
pub use watermarks::{Watermarks, watermarks};

use crate::config::Config;
use rdkafka::{ClientConfig, error::KafkaError};

/// What every client of ours is told.
pub fn client_config(config: &Config) -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", &config.kafka_bootstrap_servers)
        .set("client.id", "orderlog")
        .set("allow.auto.create.topics", "false")
        .set("topic.metadata.refresh.interval.ms", "30000")
        .set("reconnect.backoff.max.ms", "1000")
        .set("security.protocol", config.kafka_security_protocol.name());
    if config.kafka_security_protocol.has_users() {
        client
            .set("sasl.mechanisms", config.kafka_sasl_mechanism.name())
            .set("sasl.username", &config.kafka_sasl_username)
            .set("sasl.password", config.kafka_sasl_password.reveal());
    }
    if config.kafka_security_protocol.is_tls() {
        // `probe`: where systems keep theirs, since OpenSSL is built in.
        let authorities = match &*config.tls_ca_file {
            "" => "probe",
            file => file,
        };
        client.set("ssl.ca.location", authorities);
    }
    client
}

/// Why something about a topic could not be learnt or done.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// No server answered; it may later.
    #[error("Kafka at {servers} cannot be reached")]
    Unreachable {
        /// As configured.
        servers: String,
        /// What the last server that was tried said.
        #[source]
        source: std::io::Error,
    },
    /// There is no such topic.
    #[error("topic {topic} does not exist; `orderlog migrate` creates it")]
    Missing {
        /// Full name.
        topic: String,
    },
    /// The topic is there, but not as this release needs it.
    #[error(
        "topic {topic} has {setting} {found}, and {expected} is needed: it was not created by `orderlog migrate`, and cannot be changed in place without breaking its readers"
    )]
    Mismatch {
        /// Full name.
        topic: String,
        /// What differs.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        expected: String,
    },
    /// Kafka refused an operation on the topic.
    #[error("Kafka refuses topic {topic}: {reason}")]
    Refused {
        /// Full name.
        topic: String,
        /// Kafka's own words.
        reason: String,
    },
    /// The topic is there, but some partition still has no leader.
    #[error("topic {topic} has partitions without a leader")]
    NotReady {
        /// Full name.
        topic: String,
    },
    /// The client library failed.
    #[error("the Kafka client failed")]
    Client(#[from] KafkaError),
}

/// Kafka's own id of a topic; `topic` is its name without the deployment's
/// prefix. A topic that was deleted and made again under its old name, or a
/// Kafka that came back empty, has another one.
pub async fn topic_id(config: &Config, topic: &str) -> Result<TopicId, TopicError> {
    Ok(describe(config, topic).await?.id)
}

/// How many partitions a topic has; `topic` is its name without the
/// deployment's prefix.
pub async fn partitions(config: &Config, topic: &str) -> Result<i32, TopicError> {
    Ok(describe(config, topic).await?.partitions)
}

/// One question, on a connection of its own.
async fn describe(config: &Config, topic: &str) -> Result<TopicMetadata, TopicError> {
    let name = config.kafka_name(topic);
    let mut client = MetadataClient::new(config);
    let mut topics = client.describe(&[&name]).await?.topics;
    topics.pop().ok_or(TopicError::Missing { topic: name })
}

/// Runs a blocking call of the client library. Dropped before its end, the
/// call goes on by itself.
pub async fn blocking<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(call).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a runtime that is shutting down cancels it, and that drops
            // whoever waits here as well.
            Err(_) => std::future::pending().await,
        },
    }
}
