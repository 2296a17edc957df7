//! Platforms with a topic of their own: what goes there, and how much of it is
//! there already.
//!
//! A record there is the one on the topic of the orders once more, sent in the same
//! transaction. A topic that is asked for later, or was not for a while, is behind:
//! its part of the log up to what is published goes there first, in transactions of
//! the same producers, between those of new events ([`Gap`]). Which of both a
//! topic is at is part of the progress, so whatever ends a relay, the next one goes
//! on without a gap and without doing anything twice.

use super::{
    RELAY,
    checks::{TopicNames, foreign, replaced},
    error::Trouble,
    progress::{PlatformProgress, Progress},
    status,
};
use crate::{
    config::Config,
    epoch::{self, KnownTopic},
    kafka::{TailReader, TopicId, blocking},
    log::{LogReader, OrderPlatforms, StoredEvent},
};
use contracts::{LogPosition, topics};
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// The full name of the topic that the events of an order go to as well, by the
/// order's id.
pub type Copies = HashMap<String, Arc<str>>;

/// The topics. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PlatformTopics {
    /// Their full names, by the platforms' slugs.
    names: Arc<BTreeMap<String, Arc<str>>>,
    known: OrderPlatforms,
}

/// A stretch of the log whose events some topics lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Its events come after this one.
    pub after: LogPosition,
    /// The last of them.
    pub to: LogPosition,
}

impl PlatformTopics {
    pub fn of(config: &Config) -> Self {
        let names = config.platform_topics();
        let names = names.map(|(slug, name)| (slug.to_owned(), name.into()));
        Self {
            names: Arc::new(names.collect()),
            known: OrderPlatforms::default(),
        }
    }

    /// Of which platform orders are is asked anew from now on.
    pub fn forget(&self) {
        self.known.forget();
    }

    /// Tells which topics lack something.
    pub fn report(&self, progress: &Progress) {
        for slug in self.names.keys() {
            let own = progress.platforms.get(slug);
            let is_behind = own.is_none_or(|own| own.behind.is_some());
            status::platform_topic_behind(slug, is_behind);
        }
    }

    /// Which of `events` go to which topics, of those that `progress` says are
    /// `behind` like this. Costs nothing where there are none, and else at most one
    /// question to the log.
    pub async fn copies(
        &self,
        reader: &LogReader,
        events: &[StoredEvent],
        progress: &Progress,
        behind: Option<LogPosition>,
    ) -> Result<Copies, sqlx::Error> {
        let mut copies = Copies::new();
        let asked: BTreeMap<&str, &Arc<str>> = self.being(progress, behind).collect();
        if asked.is_empty() || events.is_empty() {
            return Ok(copies);
        }
        for (order, platform) in self.known.of(reader, events).await? {
            let topic = platform.and_then(|slug| asked.get(&*slug).copied());
            if let Some(topic) = topic {
                copies.insert(order, Arc::clone(topic));
            }
        }
        Ok(copies)
    }

    /// The topics that are `behind` like this.
    fn being(
        &self,
        progress: &Progress,
        behind: Option<LogPosition>,
    ) -> impl Iterator<Item = (&str, &Arc<str>)> {
        let names = self.names.iter().filter(move |(slug, _)| {
            let own = progress.platforms.get(*slug);
            own.is_some_and(|own| own.behind == behind)
        });
        names.map(|(slug, name)| (slug.as_str(), name))
    }

    /// The first stretch that is missing somewhere: from where the topic is that is
    /// furthest behind, to where the next one is.
    pub fn gap(&self, progress: &Progress) -> Option<Gap> {
        let own = self.names.keys();
        let behind = own.filter_map(|slug| progress.platforms.get(slug)?.behind);
        let behind: Vec<LogPosition> = behind.collect();
        let after = *behind.iter().min()?;
        let to = behind.iter().filter(|at| **at > after).min();
        Some(Gap {
            after,
            to: *to.unwrap_or(&progress.at),
        })
    }

    /// The progress once the topics of `gap` have its events up to `reached`, and
    /// whose topics lack nothing then.
    pub fn filled(
        &self,
        progress: &Progress,
        gap: Gap,
        reached: LogPosition,
    ) -> (Progress, Vec<String>) {
        let (mut next, mut complete) = (progress.clone(), Vec::new());
        for slug in self.names.keys() {
            let own = next.platforms.get_mut(slug);
            let Some(own) = own.filter(|own| own.behind == Some(gap.after)) else {
                continue;
            };
            own.behind = Some(reached).filter(|at| *at < progress.at);
            if own.behind.is_none() {
                complete.push(slug.clone());
            }
        }
        (next, complete)
    }
}

/// What becomes of a topic that is there.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    GoesOn,
    /// With the first event of the log, if it is empty.
    Begins,
    /// It should be the one with this id.
    Replaced(String),
}

fn judge(own: Option<&PlatformProgress>, found: TopicId, known: &KnownTopic) -> Verdict {
    match (own, known) {
        (Some(own), _) if own.topic_id == found => Verdict::GoesOn,
        (_, KnownTopic::Published(id)) if *id != found.to_string() => Verdict::Replaced(id.clone()),
        (Some(own), KnownTopic::Never) => Verdict::Replaced(own.topic_id.to_string()),
        // It is written down that it is published to before it is.
        (_, KnownTopic::Allowed | KnownTopic::Published(_)) | (None, KnownTopic::Never) => {
            Verdict::Begins
        }
    }
}

/// How much is in the topics of platforms, `found` by their names, after a look
/// whether they are what `progress` says. Those that are not asked for any more
/// stay where they are.
pub async fn checked(
    (config, names): (&Config, &TopicNames),
    log: &PgPool,
    found: &[(String, TopicId)],
    progress: &Progress,
    present: i32,
) -> Result<BTreeMap<String, PlatformProgress>, Trouble> {
    let mut platforms = progress.platforms.clone();
    for (slug, own) in &mut platforms {
        let is_left = !names.platforms.contains_key(slug);
        own.behind = settled(own.behind, progress.at, is_left);
    }
    for (topic, id) in found {
        let Some(slug) = names.platform_of(topic) else {
            continue;
        };
        let known = epoch::known_topic(log, topic).await?;
        match judge(platforms.get(slug), *id, &known) {
            Verdict::GoesOn => continue,
            Verdict::Replaced(expected) => {
                return Err(replaced(names, topic, expected, *id).into());
            }
            Verdict::Begins => {}
        }
        if holds_records(config, topic).await? {
            return Err(foreign(names, topic, slug).into());
        }
        tracing::info!(topic, "relay.platform_topic_begins");
        let begun = PlatformProgress {
            topic_id: *id,
            epoch: present,
            behind: Some(LogPosition::START).filter(|at| *at < progress.at),
        };
        platforms.insert(slug.to_owned(), begun);
    }
    Ok(platforms)
}

/// Where a topic is, now that the topic of the orders is at `at`: one that is left
/// will be there whatever comes after.
fn settled(behind: Option<LogPosition>, at: LogPosition, is_left: bool) -> Option<LogPosition> {
    if is_left {
        return behind.or(Some(at));
    }
    behind.filter(|behind| *behind < at)
}

async fn holds_records(config: &Config, topic: &str) -> Result<bool, Trouble> {
    let (config, topic) = (config.clone(), topic.to_owned());
    let look = move || {
        let tail = TailReader::new(&config, RELAY)?;
        tail.holds_records(&topic, topics::ORDER_EVENTS_PARTITIONS)
    };
    Ok(blocking(look).await?)
}

#[cfg(test)]
#[path = "platforms_tests.rs"]
mod tests;
