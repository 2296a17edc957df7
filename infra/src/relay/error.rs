//! What ends the relay, and how what does not end it is told apart.

use crate::{
    epoch::EpochError,
    kafka::{self, DeadProducer, TopicError, TopicId},
    log::MappingError,
    postgres,
};
use contracts::LogPosition;
use rdkafka::{error::KafkaError, types::RDKafkaErrorCode};

/// Why a relay ends: going on would lose events, publish some twice, or never
/// succeed. Each says what to do. Servers that are away never end it.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// A topic is not there.
    #[error(
        "topic {topic} does not exist. Where this is a new deployment, run `orderlog migrate` \
         first. Where it existed, Kafka has lost it: restore it; or, to publish the whole log \
         again to new topics, delete what is left of them, run `orderlog migrate` and `orderlog \
         epoch republish`, restart the relay and rebuild every subscriber"
    )]
    MissingTopic {
        /// Full name.
        topic: String,
    },
    /// The topic is not the one that the recorded progress is about.
    #[error(
        "topic {topic} has id {found}, but the relay's progress was recorded with {expected}: it \
         was deleted and made again, and events that were published are no longer in it. To \
         publish the whole log again, delete the topics of events and {progress_topic}, run `orderlog \
         migrate` and `orderlog epoch republish`, restart the relay and rebuild every subscriber"
    )]
    OtherTopic {
        /// Full name.
        topic: String,
        /// Full name of the topic that holds the progress.
        progress_topic: String,
        /// Id in the progress record.
        expected: TopicId,
        /// Id that Kafka says.
        found: TopicId,
    },
    /// A topic of reference data is another one than this log was published to.
    #[error(
        "topic {topic} (id {found}) is not the one that this log was published to (id \
         {expected}): it was deleted and made again, and events that were published are no longer \
         in it. To publish the whole log again, delete the topics of events and {progress_topic}, \
         run `orderlog migrate` and `orderlog epoch republish`, restart the relay and rebuild every \
         subscriber"
    )]
    ReferenceTopic {
        /// Full name.
        topic: String,
        /// Full name of the topic that holds the progress.
        progress_topic: String,
        /// Id that the log has written down.
        expected: String,
        /// Id that Kafka says.
        found: TopicId,
    },
    /// The topic of a platform is not there.
    #[error(
        "topic {topic} does not exist, and `kafka_platform_topics` names {platform}: `orderlog \
         migrate` with that setting creates it. Where it existed, Kafka has lost it: restore it; \
         or, to fill a new one from the log's first event on, run `orderlog migrate` and `orderlog \
         epoch republish --platform {platform}`, restart the relay and let its subscribers begin \
         anew"
    )]
    MissingPlatformTopic {
        /// Full name.
        topic: String,
        /// Whose it is.
        platform: String,
    },
    /// The topic of a platform is another one than its events were published to.
    #[error(
        "topic {topic} has id {found}, but the events of {platform} were published to the one with \
         id {expected}: it was deleted and made again, and they are no longer in it. To fill it \
         from the log's first event on, run `orderlog epoch republish --platform {platform}`, \
         restart the relay and let its subscribers begin anew"
    )]
    OtherPlatformTopic {
        /// Full name.
        topic: String,
        /// Whose it is.
        platform: String,
        /// Id that was recorded.
        expected: String,
        /// Id that Kafka says.
        found: TopicId,
    },
    /// The topic of a platform holds something, and nothing says what.
    #[error(
        "topic {topic} holds records, but {progress_topic} does not say which events of {platform} \
         they are: to begin would publish some a second time. Delete it, run `orderlog migrate` \
         and `orderlog epoch republish --platform {platform}`, restart the relay and let its \
         subscribers begin anew"
    )]
    UnknownPlatformTopic {
        /// Full name.
        topic: String,
        /// Full name of the topic that holds the progress.
        progress_topic: String,
        /// Whose it is.
        platform: String,
    },
    /// Events were published, but where to continue is lost.
    #[error(
        "topic {progress_topic} holds no progress although {topic} holds events: starting from \
         zero would publish all of them a second time. Restore {progress_topic}; or, to publish \
         the whole log again, delete all of them, run `orderlog migrate` and `orderlog epoch \
         republish`, restart the relay and rebuild every subscriber"
    )]
    ProgressLost {
        /// Full name of the events' topic.
        topic: String,
        /// Full name of the topic that holds the progress.
        progress_topic: String,
    },
    /// The topics are empty, and this log was published before: to another
    /// topic of the same name.
    #[error(
        "topic {topic} (id {found}) is empty, but this log was published to one of the same name \
         (id {expected}): Kafka has lost its data. Restore it; or, to publish the whole log again \
         to this topic, run `orderlog epoch republish`, restart the relay and rebuild every \
         subscriber"
    )]
    KafkaEmptied {
        /// Full name of the events' topic.
        topic: String,
        /// Id that the log has written down.
        expected: String,
        /// Id that Kafka says.
        found: TopicId,
    },
    /// The log must not be read.
    #[error(transparent)]
    Epoch(EpochError),
    /// The log has no epoch at all.
    #[error("the log has no epoch: run `orderlog migrate`")]
    NoEpoch,
    /// The recorded progress cannot be read.
    #[error(
        "the last record of topic {topic} is not a progress record; it was written by something \
         else or by a newer release"
    )]
    UnreadableProgress {
        /// Full name.
        topic: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The topic was published from another log.
    #[error(
        "the events database ({found}) is not the one that topic {topic} was published from \
         ({expected}), nor was it restored from it. Point ORDERLOG_EVENTS_URL at that one; or give \
         this log topics of its own by another ORDERLOG_KAFKA_PREFIX and `orderlog migrate`"
    )]
    OtherLog {
        /// Full name of the events' topic.
        topic: String,
        /// As recorded with the progress.
        expected: String,
        /// As the database says.
        found: String,
    },
    /// The log does not have the event that was published last.
    #[error(
        "the log has no event at position {} of transaction {} in epoch {}, which is the last one \
         published to topic {topic}: it was restored from a backup older than that. Restore a \
         newer one; or run `orderlog epoch bump`, which begins a new epoch of the log and lets \
         every subscriber know what is no longer true (docs/OPERATIONS.md, Restoring a backup)",
        at.position, at.xid, at.epoch
    )]
    LogFellBack {
        /// Full name of the events' topic.
        topic: String,
        /// Position in the progress record.
        at: LogPosition,
    },
    /// A stored event cannot be published; nothing after it is, either.
    #[error("an event cannot be published, and none is ever skipped")]
    Unmappable(#[from] MappingError),
    /// Kafka refuses an event for good (too large, no such partition).
    #[error("Kafka refuses event {sequence} of {aggregate_id}, and none is ever skipped")]
    Refused {
        /// Its aggregate.
        aggregate_id: String,
        /// Which of its events.
        sequence: i64,
        /// Why.
        #[source]
        source: RDKafkaErrorCode,
    },
    /// Another relay has taken over while this one thought it was leading, or
    /// the producer has failed for good.
    #[error("the relay must start anew")]
    Producer(#[from] DeadProducer),
    /// Topics are not as this release needs them.
    #[error(transparent)]
    Topic(TopicError),
    /// The events database answers with an error that waiting does not mend.
    #[error("the log cannot be read")]
    Log(#[source] sqlx::Error),
}

/// What may become of a transaction of the relay.
pub(super) type Failure = kafka::Failure<RelayError>;

/// What may go wrong while leading: for good, or until it is tried again with
/// a new producer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Fatal(#[from] RelayError),
    #[error("Kafka does not do what it is asked to")]
    Kafka(#[from] KafkaError),
    #[error("Kafka does not answer")]
    Topics(#[source] TopicError),
    #[error("the log does not answer")]
    Log(#[source] sqlx::Error),
    #[error("a new epoch of the log has begun")]
    EpochBegan,
}

impl From<EpochError> for Trouble {
    fn from(error: EpochError) -> Self {
        match error {
            EpochError::Database(error) => error.into(),
            verdict => RelayError::Epoch(verdict).into(),
        }
    }
}

impl From<TopicError> for Trouble {
    fn from(error: TopicError) -> Self {
        match error {
            TopicError::Missing { topic } => RelayError::MissingTopic { topic }.into(),
            TopicError::Mismatch { .. } => RelayError::Topic(error).into(),
            TopicError::Client(error) => Self::Kafka(error),
            error => Self::Topics(error),
        }
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        if passes(&error) {
            Self::Log(error)
        } else {
            RelayError::Log(error).into()
        }
    }
}

/// Whether a database error may be gone on the next try: the server is away,
/// or short of something, or gave up a statement that took too long.
fn passes(error: &sqlx::Error) -> bool {
    let by_code = |code: &str| {
        ["40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class))
            // A restored or dropped database may be back in a moment.
            || code == "3D000"
            // The server is not in a state to be asked (recovery).
            || code == "25006"
    };
    postgres::is_connection_error(error)
        || error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| by_code(&code))
}
