//! Creating the topics of [`contracts::topics`], and those of platforms that a
//! deployment names, and holding those that are there already against them.

use super::{
    MetadataClient, QuietContext, TopicError, blocking, client_config,
    metadata::{Metadata, TopicMetadata},
};
use crate::config::Config;
use contracts::topics::{ALL, ORDERS, TopicSpec};
use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication},
    types::RDKafkaErrorCode,
};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long Kafka may take to be there, and then to elect leaders.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);
/// Replicas of each partition, where there are as many brokers.
const REPLICAS: usize = 3;
const CLEANUP_POLICY: &str = "cleanup.policy";

type Admin = AdminClient<QuietContext>;

/// Creates what is missing of [`contracts::topics::ALL`] and of platforms' topics
/// (`kafka_platform_topics`) under the deployment's prefix, waits until it can be
/// used, and checks that every topic has the partitions and the clean-up policy it
/// must have. Several processes may do this at once.
pub async fn ensure_topics(config: &Config) -> Result<(), TopicError> {
    let wanted = wanted(config);
    let topics = wanted.iter().map(|(name, spec)| (name.as_str(), *spec));
    let topics: Vec<(&str, &TopicSpec)> = topics.collect();
    ensure(config, &topics).await
}

/// The same with one topic, of this full name and the shape of another one.
pub async fn ensure_topic(config: &Config, name: &str, like: &TopicSpec) -> Result<(), TopicError> {
    ensure(config, &[(name, like)]).await
}

/// What there is of the topics of [`ensure_topics`], and what is wrong with them;
/// nothing is changed.
///
/// # Errors
/// When Kafka does not answer.
pub async fn check_topics(config: &Config) -> Result<Checked, TopicError> {
    let wanted = wanted(config);
    let names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
    let found = MetadataClient::new(config).describe(&names).await?;
    let admin: Admin = client_config(config).create_with_context(QuietContext)?;
    let mut topics = Vec::new();
    for (name, spec) in &wanted {
        let checked = match found.topic(name) {
            None => Err(TopicError::Missing {
                topic: name.clone(),
            }),
            Some(topic) => check(&admin, topic, spec).await.map(|()| topic.clone()),
        };
        topics.push((name.clone(), checked));
    }
    blocking(move || drop(admin)).await;
    let brokers = found.brokers;
    Ok(Checked { brokers, topics })
}

/// An answer of [`check_topics`].
#[derive(Debug)]
pub struct Checked {
    /// Number of live brokers.
    pub brokers: usize,
    /// Each topic's full name, and what it is or what is wrong with it.
    pub topics: Vec<(String, Result<TopicMetadata, TopicError>)>,
}

async fn check(admin: &Admin, topic: &TopicMetadata, spec: &TopicSpec) -> Result<(), TopicError> {
    check_partitions(topic, spec)?;
    if !topic.has_leaders {
        return Err(TopicError::NotReady {
            topic: topic.name.clone(),
        });
    }
    check_policies(admin, &[(&topic.name, spec)]).await
}

/// Each topic's full name, and what it has to be like.
fn wanted(config: &Config) -> Vec<(String, &'static TopicSpec)> {
    let all = ALL.iter().map(|spec| (config.kafka_name(spec.name), spec));
    let of_platforms = config.platform_topics().map(|(_, name)| (name, &ORDERS));
    all.chain(of_platforms).collect()
}

async fn ensure(config: &Config, topics: &[(&str, &TopicSpec)]) -> Result<(), TopicError> {
    let names: Vec<&str> = topics.iter().map(|topic| topic.0).collect();
    let mut client = MetadataClient::new(config);
    let found = reach(&mut client, &names).await?;
    let missing: Vec<_> = topics
        .iter()
        .filter(|t| found.topic(t.0).is_none())
        .copied()
        .collect();
    let admin: Admin = client_config(config).create_with_context(QuietContext)?;
    if !missing.is_empty() {
        create(&admin, &missing, found.brokers).await?;
    }
    let usable = wait_until_usable(&mut client, &names).await?;
    for (topic, spec) in topics
        .iter()
        .filter_map(|(n, s)| Some((usable.topic(n)?, *s)))
    {
        check_partitions(topic, spec)?;
    }
    check_policies(&admin, topics).await?;
    // Dropping it joins a thread.
    blocking(move || drop(admin)).await;
    Ok(())
}

/// Waits for a Kafka that is only just starting.
async fn reach(client: &mut MetadataClient, names: &[&str]) -> Result<Metadata, TopicError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match client.describe(names).await {
            Err(TopicError::Unreachable { .. }) if Instant::now() < deadline => sleep(POLL).await,
            other => return other,
        }
    }
}

async fn create(
    admin: &Admin,
    topics: &[(&str, &TopicSpec)],
    brokers: usize,
) -> Result<(), TopicError> {
    let (replicas, in_sync) = replication(brokers);
    let in_sync = in_sync.to_string();
    let new: Vec<NewTopic<'_>> = topics
        .iter()
        .map(|(name, spec)| new_topic(name, spec, replicas, &in_sync))
        .collect();
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    for result in admin.create_topics(&new, &options).await? {
        match result {
            // Somebody else was quicker; what they made is checked all the same.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => {
                let reason = code.to_string();
                return Err(TopicError::Refused { topic, reason });
            }
        }
    }
    for (topic, _) in topics {
        tracing::info!(topic, "kafka.topic_created");
    }
    Ok(())
}

fn new_topic<'a>(
    name: &'a str,
    spec: &'a TopicSpec,
    replicas: i32,
    in_sync: &'a str,
) -> NewTopic<'a> {
    let topic = NewTopic::new(name, spec.partitions, TopicReplication::Fixed(replicas))
        .set("min.insync.replicas", in_sync);
    spec.config
        .iter()
        .fold(topic, |topic, (key, value)| topic.set(key, value))
}

/// (replicas, those that must have a record before it is acknowledged): with
/// three, one may be away and an acknowledged record still has two homes.
fn replication(brokers: usize) -> (i32, i32) {
    match brokers.min(REPLICAS) {
        0 | 1 => (1, 1),
        2 => (2, 1),
        _ => (3, 2),
    }
}

/// A new topic is known to its controller first; a producer that is quicker
/// would be told that it does not exist.
async fn wait_until_usable(
    client: &mut MetadataClient,
    names: &[&str],
) -> Result<Metadata, TopicError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let metadata = reach(client, names).await?;
        let pending = names
            .iter()
            .find(|name| !metadata.topic(name).is_some_and(|topic| topic.has_leaders));
        let Some(topic) = pending else {
            return Ok(metadata);
        };
        if Instant::now() >= deadline {
            let topic = (*topic).to_owned();
            return Err(TopicError::NotReady { topic });
        }
        sleep(POLL).await;
    }
}

fn check_partitions(topic: &TopicMetadata, spec: &TopicSpec) -> Result<(), TopicError> {
    if topic.partitions == spec.partitions {
        return Ok(());
    }
    Err(TopicError::Mismatch {
        topic: topic.name.clone(),
        setting: "partitions",
        found: topic.partitions.to_string(),
        expected: spec.partitions.to_string(),
    })
}

async fn check_policies(admin: &Admin, topics: &[(&str, &TopicSpec)]) -> Result<(), TopicError> {
    let resources: Vec<_> = topics
        .iter()
        .map(|(name, _)| ResourceSpecifier::Topic(name))
        .collect();
    let options = AdminOptions::new().request_timeout(Some(PATIENCE));
    let described = admin.describe_configs(&resources, &options).await?;
    for ((name, spec), described) in topics.iter().zip(described) {
        let described = described.map_err(|code| TopicError::Refused {
            topic: (*name).to_owned(),
            reason: code.to_string(),
        })?;
        let found = described
            .get(CLEANUP_POLICY)
            .and_then(|entry| entry.value.as_deref());
        check_policy(name, spec, found.unwrap_or_default())?;
    }
    Ok(())
}

fn check_policy(topic: &str, spec: &TopicSpec, found: &str) -> Result<(), TopicError> {
    let expected = spec.config.iter().find(|(key, _)| *key == CLEANUP_POLICY);
    match expected {
        Some((_, expected)) if *expected != found => Err(TopicError::Mismatch {
            topic: topic.to_owned(),
            setting: CLEANUP_POLICY,
            found: found.to_owned(),
            expected: (*expected).to_owned(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_three_brokers_may_be_away() {
        assert_eq!(replication(1), (1, 1));
        assert_eq!(replication(2), (2, 1));
        assert_eq!(replication(3), (3, 2));
        assert_eq!(replication(9), (3, 2));
    }

    #[test]
    fn a_topic_of_another_shape_is_named() {
        let events = &ALL[0];
        let error = check_policy("t", events, "compact").expect_err("events are not compacted");
        assert!(
            error
                .to_string()
                .contains("cleanup.policy compact, and delete")
        );
        assert!(check_policy("t", events, "delete").is_ok());
    }
}
