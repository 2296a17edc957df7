//! Before anything is published: does what was recorded agree with what is
//! there?

use super::{
    RELAY,
    error::{RelayError, Trouble},
    kafka_watch::MISSING_FOR,
    platforms,
    progress::{Progress, beginning, log_has},
};
use crate::{
    config::Config,
    epoch::{self, Epoch, KnownTopic},
    kafka::{MetadataClient, TailReader, TopicError, TopicId, TopicMetadata, blocking},
};
use contracts::{LogPosition, topics};
use sqlx::PgPool;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{Instant, sleep};

const POLL: Duration = Duration::from_millis(250);

/// Full names of the topics.
#[derive(Debug, Clone)]
pub struct TopicNames {
    /// That of the orders.
    pub events: String,
    pub progress: String,
    /// Those of [`topics::REFERENCE`], in its order.
    pub reference: Vec<String>,
    /// Those of platforms, by their slugs.
    pub platforms: BTreeMap<String, String>,
}

impl TopicNames {
    pub fn of(config: &Config) -> Self {
        Self {
            events: config.kafka_name(topics::ORDER_EVENTS),
            progress: config.kafka_name(topics::RELAY_PROGRESS),
            reference: topics::REFERENCE
                .iter()
                .map(|spec| config.kafka_name(spec.name))
                .collect(),
            platforms: config
                .platform_topics()
                .map(|(slug, name)| (slug.to_owned(), name))
                .collect(),
        }
    }

    /// All of them, [`Self::others`] last.
    pub fn all(&self) -> Vec<&str> {
        let others = self.others().map(String::as_str);
        [self.events.as_str(), self.progress.as_str()]
            .into_iter()
            .chain(others)
            .collect()
    }

    /// Those of reference data, then those of platforms.
    pub fn others(&self) -> impl Iterator<Item = &String> {
        self.reference.iter().chain(self.platforms.values())
    }

    /// Whose topic it is, if it is that of a platform.
    pub fn platform_of(&self, topic: &str) -> Option<&str> {
        let mut own = self.platforms.iter();
        own.find_map(|(slug, name)| (name == topic).then_some(slug.as_str()))
    }

    /// Every topic that an event of the log may be on first, with what it is like.
    fn of_events(&self) -> Vec<(String, i32)> {
        let reference = self.reference.iter().cloned();
        let reference = reference.zip(topics::REFERENCE.iter().map(|spec| spec.partitions));
        [(self.events.clone(), topics::ORDER_EVENTS_PARTITIONS)]
            .into_iter()
            .chain(reference)
            .collect()
    }
}

/// [`TopicNames::others`], with their ids.
pub type OtherTopics = Vec<(String, TopicId)>;

/// Where publishing begins, and the epochs that the log has gone through.
#[derive(Debug, Clone)]
pub struct Start {
    pub progress: Progress,
    /// Oldest first; the last one is the present one.
    pub epochs: Vec<Epoch>,
    pub others: OtherTopics,
}

/// Where publishing begins: [`LogPosition::START`] only where neither topic
/// holds anything, and none ever did. To be asked after `init_transactions`:
/// before, a transaction of an earlier producer could still be committed.
pub async fn starting_point(config: &Config, log: &PgPool) -> Result<Start, Trouble> {
    let names = TopicNames::of(config);
    epoch::check(log).await?;
    let (topic_id, others) = topics_there(config, &names).await?;
    let epochs = epoch::epochs(log).await?;
    let recorded = match read_record(config, &names).await? {
        Record::Progress(progress) => Recorded::Progress {
            in_log: log_has(log, progress.at).await?,
            progress,
        },
        Record::None { events_held } => Recorded::Nothing {
            events_held,
            known: epoch::known_topic(log, &names.events).await?,
        },
    };
    let mut progress = match judge(&names, topic_id, &epochs, recorded) {
        Ok(progress) => progress,
        Err(error) => return Err(told_to_the_log(log, &epochs, error).await?.into()),
    };
    check_reference(log, &names, &others).await?;
    let present = epochs.last().ok_or(RelayError::NoEpoch)?.epoch;
    let platforms = platforms::checked((config, &names), log, &others, &progress, present);
    progress.platforms = Box::pin(platforms).await?;
    epoch::record_topic(log, &names.events, &topic_id.to_string()).await?;
    for (topic, id) in &others {
        epoch::record_topic(log, topic, &id.to_string()).await?;
    }
    Ok(Start {
        progress,
        epochs,
        others,
    })
}

/// One progress is that of the orders and of reference data: no topic of either may
/// have lost what it says was published. Platforms have one of their own.
async fn check_reference(
    log: &PgPool,
    names: &TopicNames,
    others: &OtherTopics,
) -> Result<(), Trouble> {
    for (topic, found) in others.iter().take(names.reference.len()) {
        let known = epoch::known_topic(log, topic).await?;
        if let KnownTopic::Published(expected) = known
            && expected != found.to_string()
        {
            return Err(replaced(names, topic, expected, *found).into());
        }
    }
    Ok(())
}

pub(super) fn replaced(
    names: &TopicNames,
    topic: &str,
    expected: String,
    found: TopicId,
) -> RelayError {
    let platform = names.platform_of(topic);
    let topic = topic.to_owned();
    match platform {
        Some(platform) => RelayError::OtherPlatformTopic {
            topic,
            platform: platform.to_owned(),
            expected,
            found,
        },
        None => RelayError::ReferenceTopic {
            topic,
            progress_topic: names.progress.clone(),
            expected,
            found,
        },
    }
}

/// There is something in a topic of `platform` that no progress tells of.
pub(super) fn foreign(names: &TopicNames, topic: &str, platform: &str) -> RelayError {
    RelayError::UnknownPlatformTopic {
        topic: topic.to_owned(),
        progress_topic: names.progress.clone(),
        platform: platform.to_owned(),
    }
}

pub(super) fn missing(names: &TopicNames, topic: &str) -> RelayError {
    let platform = names.platform_of(topic).map(str::to_owned);
    let topic = topic.to_owned();
    match platform {
        Some(platform) => RelayError::MissingPlatformTopic { topic, platform },
        None => RelayError::MissingTopic { topic },
    }
}

/// Only the relay can know that a log of the same identity fell back: it says
/// so where everybody looks.
async fn told_to_the_log(
    log: &PgPool,
    epochs: &[Epoch],
    error: RelayError,
) -> Result<RelayError, sqlx::Error> {
    if let (RelayError::LogFellBack { topic, at }, Some(present)) = (&error, epochs.last()) {
        let missing = format!(
            "it has no event at position {} of transaction {} in epoch {}, the last one that was \
             published to topic {topic}",
            at.position, at.xid, at.epoch
        );
        epoch::contradict(log, present.epoch, &missing).await?;
    }
    Ok(error)
}

/// The epoch that was published last, if anything was: the next one of the log
/// has to come after it, also where the log has forgotten it.
///
/// # Errors
/// When Kafka does not answer.
pub(super) async fn published_epoch(config: &Config) -> Result<Option<i32>, Trouble> {
    let progress = published(config).await?;
    Ok(progress.map(|progress| progress.at.epoch))
}

/// What was published last, if anything was.
///
/// # Errors
/// When Kafka does not answer.
pub(super) async fn published(config: &Config) -> Result<Option<Progress>, Trouble> {
    let names = TopicNames::of(config);
    let mut client = MetadataClient::new(config);
    let found = client.describe(&[&names.events, &names.progress]).await?;
    if found.topic(&names.events).is_none() || found.topic(&names.progress).is_none() {
        return Ok(None);
    }
    Ok(match read_record(config, &names).await? {
        Record::Progress(progress) => Some(progress),
        Record::None { .. } => None,
    })
}

/// The id of the orders' topic, and those of the others. Waits a moment for
/// one that is missing: a broker that is only just starting may not know it yet.
async fn topics_there(
    config: &Config,
    names: &TopicNames,
) -> Result<(TopicId, OtherTopics), Trouble> {
    let mut client = MetadataClient::new(config);
    let (all, deadline) = (names.all(), Instant::now() + MISSING_FOR);
    let found = loop {
        let found = client.describe(&all).await?;
        let absent = all.iter().find(|name| found.topic(name).is_none());
        match absent {
            None => break found,
            Some(_) if Instant::now() < deadline => sleep(POLL).await,
            Some(name) => return Err(missing(names, name).into()),
        }
    };
    let there = |name: &str, partitions| {
        let topic = found.topic(name).ok_or_else(|| missing(names, name))?;
        check_partitions(topic, partitions)?;
        Ok::<_, Trouble>((name.to_owned(), topic.id))
    };
    there(&names.progress, 1)?;
    let of_platforms = names.platforms.values().cloned();
    let of_platforms = of_platforms.map(|name| (name, topics::ORDER_EVENTS_PARTITIONS));
    let events = names.of_events().into_iter().chain(of_platforms);
    let events = events.map(|(name, partitions)| there(&name, partitions));
    let mut events: OtherTopics = events.collect::<Result<_, _>>()?;
    let (_, orders) = events.remove(0);
    Ok((orders, events))
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
        let tail = TailReader::new(&config, RELAY)?;
        let Some(value) = tail.last_value(&names.progress, &names.events)? else {
            let mut events_held = false;
            for (topic, partitions) in names.of_events() {
                events_held |= tail.holds_records(&topic, partitions)?;
            }
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
    Nothing {
        events_held: bool,
        known: KnownTopic,
    },
    Progress {
        progress: Progress,
        in_log: bool,
    },
}

fn judge(
    names: &TopicNames,
    topic_id: TopicId,
    epochs: &[Epoch],
    recorded: Recorded,
) -> Result<Progress, RelayError> {
    match recorded {
        Recorded::Nothing { events_held, known } => {
            judge_nothing(names, topic_id, events_held, known)?;
            let first = epochs.first().ok_or(RelayError::NoEpoch)?;
            Ok(Progress {
                at: LogPosition::START,
                topic_id,
                log: first.identity.clone(),
                platforms: BTreeMap::new(),
            })
        }
        Recorded::Progress { progress, in_log } => {
            judge_progress(names, topic_id, epochs, &progress, in_log)?;
            Ok(progress)
        }
    }
}

/// There is no progress: is it that nothing was ever published?
fn judge_nothing(
    names: &TopicNames,
    topic_id: TopicId,
    events_held: bool,
    known: KnownTopic,
) -> Result<(), RelayError> {
    let (topic, progress_topic) = (names.events.clone(), names.progress.clone());
    match known {
        _ if events_held => Err(RelayError::ProgressLost {
            topic,
            progress_topic,
        }),
        KnownTopic::Published(id) if id != topic_id.to_string() => Err(RelayError::KafkaEmptied {
            topic,
            expected: id,
            found: topic_id,
        }),
        _ => Ok(()),
    }
}

fn judge_progress(
    names: &TopicNames,
    topic_id: TopicId,
    epochs: &[Epoch],
    progress: &Progress,
    in_log: bool,
) -> Result<(), RelayError> {
    let (topic, at) = (names.events.clone(), progress.at);
    if progress.topic_id != topic_id {
        return Err(RelayError::OtherTopic {
            topic,
            progress_topic: names.progress.clone(),
            expected: progress.topic_id,
            found: topic_id,
        });
    }
    // The epoch that the record is about may be one that the log went through
    // in another database; one that it has forgotten, as it was restored from
    // before, the present one was made to come after.
    let of = epochs.iter().find(|epoch| epoch.epoch == at.epoch);
    if let Some(of) = of.filter(|of| !of.identity.agrees(&progress.log)) {
        return Err(RelayError::OtherLog {
            topic,
            expected: progress.log.to_string(),
            found: of.identity.to_string(),
        });
    }
    let present = epochs.last().ok_or(RelayError::NoEpoch)?.epoch;
    let told = at == beginning(present);
    if at.epoch > present || (at.epoch == present && !in_log && !told) {
        return Err(RelayError::LogFellBack { topic, at });
    }
    Ok(())
}

#[cfg(test)]
#[path = "checks_tests.rs"]
mod tests;
