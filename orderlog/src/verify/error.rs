//! Why a comparison could not be made.

use infra::{epoch::EpochError, kafka::TopicError, sealing::KeysUnavailable};
use projections::engine::verify::CompareError;
use rdkafka::error::KafkaError;
use std::time::Duration;

/// What prevents a comparison. A difference is not among them.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Log(#[source] sqlx::Error),
    /// The log must not be read.
    #[error(transparent)]
    Epoch(#[from] EpochError),
    /// The read models cannot be read.
    #[error("the views cannot be read")]
    Views(#[source] sqlx::Error),
    /// A topic is missing or out of reach.
    #[error("a topic cannot be read")]
    Topic(#[from] TopicError),
    /// Kafka cannot be read.
    #[error("Kafka cannot be read")]
    Kafka(#[from] KafkaError),
    /// An aggregate that is published, and whose id cannot be.
    #[error("the log has an aggregate with the id {id:?}, which is not a UUID")]
    ForeignId {
        /// As it stands there.
        id: String,
    },
    /// Kafka went silent before the end of the topic.
    #[error("Kafka sends nothing more for {after:?}, and the end of the topic is not reached")]
    KafkaStalled {
        /// How long the silence lasted.
        after: Duration,
    },
    /// A transaction on the log's cluster is open for too long.
    #[error(
        "a transaction has held back the horizon of the log for {waited:.0?}: see pg_stat_activity, backend_xid"
    )]
    HorizonHeld {
        /// How long that was waited for.
        waited: Duration,
    },
    /// The relay has not published everything in time.
    #[error(
        "Kafka is behind the log by {events} events or more after {waited:.0?}; is the relay running?"
    )]
    KafkaBehind {
        /// Events below the horizon that Kafka does not have.
        events: usize,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The projector has not applied everything in time.
    #[error(
        "projection {projection} is behind the log by {events} events or more in {partitions} partitions after {waited:.0?}; is the projector running?"
    )]
    ViewsBehind {
        /// Which projection.
        projection: &'static str,
        /// Events of the orders that were just looked at.
        events: u64,
        /// In how many partitions.
        partitions: usize,
        /// How long it was waited for.
        waited: Duration,
    },
    /// Documents are not published in time.
    #[error(
        "{documents} documents are not on {topic} after {waited:.0?}; is a projector running, and what does `publisher.waiting` say in its log?"
    )]
    DocumentsBehind {
        /// The topic, without the deployment's prefix.
        topic: &'static str,
        /// How many.
        documents: u64,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The keys of personal data cannot be read.
    #[error("the keys of personal data cannot be read")]
    Keys(#[source] KeysUnavailable),
    /// The rows of a projection cannot be compared.
    #[error(transparent)]
    Compare(#[from] CompareError),
}
