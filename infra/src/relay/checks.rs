//! Before anything is published: does what was recorded agree with what is
//! there?

use super::{
    error::{RelayError, Trouble},
    kafka_watch::MISSING_FOR,
    progress::{LogIdentity, Progress, log_has},
    tail::TailReader,
};
use crate::{
    config::Config,
    kafka::{MetadataClient, TopicError, TopicId, TopicMetadata, blocking},
};
use contracts::{LogPosition, topics};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const POLL: Duration = Duration::from_millis(250);

/// Full names of the two topics.
#[derive(Debug, Clone)]
pub struct TopicNames {
    pub events: String,
    pub progress: String,
}

impl TopicNames {
    pub fn of(config: &Config) -> Self {
        Self {
            events: config.kafka_name(topics::ORDER_EVENTS),
            progress: config.kafka_name(topics::RELAY_PROGRESS),
        }
    }
}

/// Where publishing begins: [`LogPosition::START`] only where neither topic
/// holds anything. To be asked after `init_transactions`: before, a transaction
/// of an earlier producer could still be committed.
pub async fn starting_point(config: &Config, log: &PgPool) -> Result<Progress, Trouble> {
    let names = TopicNames::of(config);
    let topic_id = events_topic(config, &names).await?.id;
    let identity = LogIdentity::read(log).await?;
    let recorded = match read_record(config, &names).await? {
        Record::Progress(progress) => Recorded::Progress {
            in_log: log_has(log, progress.at).await?,
            progress,
        },
        Record::None { events_held } => Recorded::Nothing { events_held },
    };
    let at = judge(&names, topic_id, &identity, recorded)?;
    Ok(Progress {
        at,
        topic_id,
        log: identity,
    })
}

/// Waits a moment for a topic that is missing: a broker that is only just
/// starting may not know it yet.
async fn events_topic(config: &Config, names: &TopicNames) -> Result<TopicMetadata, Trouble> {
    let mut client = MetadataClient::new(config);
    let deadline = Instant::now() + MISSING_FOR;
    loop {
        let found = client.describe(&[&names.events, &names.progress]).await?;
        match (found.topic(&names.events), found.topic(&names.progress)) {
            (Some(events), Some(progress)) => {
                check_partitions(progress, 1)?;
                check_partitions(events, topics::ORDER_EVENTS_PARTITIONS)?;
                return Ok(events.clone());
            }
            _ if Instant::now() < deadline => sleep(POLL).await,
            (None, _) => return Err(missing(&names.events)),
            (_, None) => return Err(missing(&names.progress)),
        }
    }
}

fn missing(topic: &str) -> Trouble {
    let topic = topic.to_owned();
    RelayError::MissingTopic { topic }.into()
}

fn check_partitions(topic: &TopicMetadata, expected: i32) -> Result<(), TopicError> {
    if topic.partitions == expected {
        return Ok(());
    }
    Err(TopicError::Mismatch {
        topic: topic.name.clone(),
        setting: "partitions",
        found: topic.partitions.to_string(),
        expected: expected.to_string(),
    })
}

enum Record {
    Progress(Progress),
    None { events_held: bool },
}

async fn read_record(config: &Config, names: &TopicNames) -> Result<Record, Trouble> {
    let (config, names) = (config.clone(), names.clone());
    let read = move || {
        let tail = TailReader::new(&config)?;
        let Some(value) = tail.last_value(&names.progress, &names.events)? else {
            let partitions = topics::ORDER_EVENTS_PARTITIONS;
            let events_held = tail.holds_records(&names.events, partitions)?;
            return Ok(Record::None { events_held });
        };
        let progress = serde_json::from_slice(&value).map_err(|source| {
            let topic = names.progress.clone();
            RelayError::UnreadableProgress { topic, source }
        })?;
        Ok(Record::Progress(progress))
    };
    blocking(read).await
}

/// What was found out about the past.
enum Recorded {
    Nothing { events_held: bool },
    Progress { progress: Progress, in_log: bool },
}

fn judge(
    names: &TopicNames,
    topic_id: TopicId,
    log: &LogIdentity,
    recorded: Recorded,
) -> Result<LogPosition, RelayError> {
    let topic = names.events.clone();
    let progress_topic = names.progress.clone();
    match recorded {
        Recorded::Nothing { events_held: false } => Ok(LogPosition::START),
        Recorded::Nothing { events_held: true } => Err(RelayError::ProgressLost {
            topic,
            progress_topic,
        }),
        Recorded::Progress { progress, .. } if progress.topic_id != topic_id => {
            Err(RelayError::OtherTopic {
                topic,
                progress_topic,
                expected: progress.topic_id,
                found: topic_id,
            })
        }
        Recorded::Progress { progress, .. } if progress.log != *log => Err(RelayError::OtherLog {
            topic,
            expected: progress.log.to_string(),
            found: log.to_string(),
        }),
        Recorded::Progress {
            progress,
            in_log: false,
        } => Err(RelayError::LogFellBack {
            topic,
            at: progress.at,
        }),
        Recorded::Progress { progress, .. } => Ok(progress.at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: TopicId = TopicId([1; 16]);
    const AT: LogPosition = LogPosition {
        epoch: 1,
        xid: 9,
        position: 7,
    };

    fn log(database: u32) -> LogIdentity {
        LogIdentity {
            system: "1".into(),
            database,
        }
    }

    fn judged(recorded: Recorded) -> Result<LogPosition, RelayError> {
        let names = TopicNames {
            events: "e".into(),
            progress: "p".into(),
        };
        judge(&names, ID, &log(5), recorded)
    }

    fn progress(topic_id: TopicId, log: LogIdentity, in_log: bool) -> Recorded {
        let at = AT;
        Recorded::Progress {
            progress: Progress { at, topic_id, log },
            in_log,
        }
    }

    #[test]
    fn it_goes_on_where_it_was_and_starts_only_where_nothing_is() {
        let at = judged(progress(ID, log(5), true)).expect("agrees");
        assert_eq!(at, AT);
        let at = judged(Recorded::Nothing { events_held: false }).expect("a new deployment");
        assert_eq!(at, LogPosition::START);
    }

    #[test]
    fn a_contradiction_is_never_a_start_from_zero() {
        let lost = judged(Recorded::Nothing { events_held: true });
        assert!(matches!(lost, Err(RelayError::ProgressLost { .. })));
        let other = judged(progress(TopicId([2; 16]), log(5), true));
        assert!(matches!(other, Err(RelayError::OtherTopic { .. })));
        let other = judged(progress(ID, log(6), true));
        assert!(matches!(other, Err(RelayError::OtherLog { .. })));
        let fell_back = judged(progress(ID, log(5), false));
        assert!(matches!(fell_back, Err(RelayError::LogFellBack { .. })));
    }
}
