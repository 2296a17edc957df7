//! A look at Kafka each second: is it there, and are the topics still the
//! ones they were?

use super::{
    RelayError,
    checks::{OtherTopics, TopicNames, missing, replaced},
};
use crate::{
    config::Config,
    kafka::{MetadataClient, TopicId},
    lifecycle::error_chain,
};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tokio_util::task::AbortOnDropHandle;

const EACH: Duration = Duration::from_secs(1);
/// A look that is older than this says nothing about now.
const FRESH: Duration = Duration::from_secs(4);
/// A broker that is only just starting may not know its topics yet.
pub const MISSING_FOR: Duration = Duration::from_secs(5);

/// What the last looks have shown.
#[derive(Debug, Clone)]
struct View {
    /// When Kafka answered last (before that, when the watch began).
    answered: Instant,
    /// Whether it ever did.
    known: bool,
    events: Sight,
    progress: Sight,
    /// Of [`TopicNames::others`], in their order.
    others: Vec<Sight>,
}

#[derive(Debug, Clone, Copy)]
enum Sight {
    Unknown,
    Present(TopicId),
    MissingSince(Instant),
}

impl Sight {
    fn next(self, found: Option<TopicId>) -> Self {
        match (found, self) {
            (Some(id), _) => Self::Present(id),
            (None, missing @ Self::MissingSince(_)) => missing,
            (None, _) => Self::MissingSince(Instant::now()),
        }
    }

    fn is_gone(self) -> bool {
        matches!(self, Self::MissingSince(since) if since.elapsed() >= MISSING_FOR)
    }
}

/// Looks until it is dropped.
pub struct KafkaWatch {
    names: TopicNames,
    view: watch::Receiver<View>,
    _task: AbortOnDropHandle<()>,
}

impl KafkaWatch {
    pub fn start(config: &Config) -> Self {
        let names = TopicNames::of(config);
        let (sender, view) = watch::channel(View {
            answered: Instant::now(),
            known: false,
            events: Sight::Unknown,
            progress: Sight::Unknown,
            others: vec![Sight::Unknown; names.others().count()],
        });
        let task = tokio::spawn(look(MetadataClient::new(config), names.clone(), sender));
        Self {
            names,
            view,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Whether Kafka answered only just.
    pub fn in_reach(&self) -> bool {
        let view = self.view.borrow();
        view.known && view.answered.elapsed() < FRESH
    }

    /// Completes with the next answer, or after `limit`.
    pub async fn answer(&self, limit: Duration) {
        let mut view = self.view.clone();
        view.mark_unchanged();
        let _ = timeout(limit, view.changed()).await;
    }

    /// Whether Kafka has not answered for a while.
    pub fn is_silent(&self) -> bool {
        self.view.borrow().answered.elapsed() >= FRESH
    }

    /// Completes once Kafka has not answered for `limit`.
    pub async fn away_for(&self, limit: Duration) {
        loop {
            let silent = self.view.borrow().answered.elapsed();
            match limit.checked_sub(silent) {
                None | Some(Duration::ZERO) => return,
                Some(left) => sleep(left).await,
            }
        }
    }

    /// Completes once a topic is gone, the orders' one is not `expected`, or one
    /// of the others not as in `others`.
    pub async fn broken(&self, expected: TopicId, others: &OtherTopics) -> RelayError {
        let mut view = self.view.clone();
        loop {
            if let Some(error) = self.breach(&view.borrow_and_update(), expected, others) {
                return error;
            }
            // The sender lives as long as this watch; were it gone, nothing
            // new would ever be seen.
            if view.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn breach(&self, view: &View, expected: TopicId, known: &OtherTopics) -> Option<RelayError> {
        let TopicNames {
            events, progress, ..
        } = &self.names;
        let others = self.names.others().zip(&view.others);
        let others = others.map(|(name, sight)| (name, *sight));
        let both = [(events, view.events), (progress, view.progress)];
        for (name, sight) in both.into_iter().chain(others) {
            if sight.is_gone() {
                return Some(missing(&self.names, name));
            }
        }
        if let Sight::Present(found) = view.events
            && found != expected
        {
            return Some(RelayError::OtherTopic {
                topic: events.clone(),
                progress_topic: progress.clone(),
                expected,
                found,
            });
        }
        let mut known = known.iter().zip(&view.others);
        known.find_map(|((name, id), sight)| match sight {
            Sight::Present(found) if found != id => {
                Some(replaced(&self.names, name, id.to_string(), *found))
            }
            _ => None,
        })
    }
}

async fn look(mut client: MetadataClient, names: TopicNames, sender: watch::Sender<View>) {
    let mut away = false;
    loop {
        match client.describe(&names.all()).await {
            Ok(found) => {
                away = false;
                let id = |name: &str| found.topic(name).map(|topic| topic.id);
                sender.send_modify(|view| {
                    *view = View {
                        answered: Instant::now(),
                        known: true,
                        events: view.events.next(id(&names.events)),
                        progress: view.progress.next(id(&names.progress)),
                        others: (names.others().zip(&view.others))
                            .map(|(name, sight)| sight.next(id(name)))
                            .collect(),
                    };
                });
            }
            Err(error) if !away => {
                away = true;
                tracing::warn!(reason = error_chain(&error), "relay.kafka_away");
            }
            Err(_) => {}
        }
        sleep(EACH).await;
    }
}
