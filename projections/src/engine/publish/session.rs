//! Publishing with one producer.

use super::{
    Published,
    leftovers::{self, LeftoversError},
    metrics, records,
    store::{self, Change, Publication},
};
use crate::engine::{projection::Projection, topic::TopicState};
use infra::{
    config::Config,
    kafka::{
        DeadProducer, Failure, TopicError, TopicId, TransactionalProducer, Watermarks, blocking,
    },
};
use rdkafka::{error::KafkaError, types::RDKafkaErrorCode};
use sqlx::PgPool;
use std::{
    marker::PhantomData,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// How long changes may come unheard.
const POLL: Duration = Duration::from_secs(1);
/// After a transaction of few documents the next one waits this long: several
/// changes of an order are one record then, and transactions rare.
const PACE: Duration = Duration::from_millis(50);
const FEW: usize = 100;

/// Why a session has ended. The next one begins with what is stored.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Of the producer.
    #[error(transparent)]
    Producer(#[from] DeadProducer),
    /// Of a transaction.
    #[error("Kafka does not do what it is asked to")]
    Kafka(#[source] KafkaError),
    /// Of the topic.
    #[error("the topic cannot be used")]
    Topic(#[from] TopicError),
    /// It was made anew.
    #[error("the topic is another one by now")]
    OtherTopic,
    /// Of what it holds already.
    #[error(transparent)]
    Leftovers(#[from] LeftoversError),
    /// Of the views.
    #[error("the views do not answer")]
    Views(#[from] sqlx::Error),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Fatal(dead) => dead.into(),
            Failure::Aborted(error) | Failure::Unknown(error) => Self::Kafka(error),
            Failure::Refused(_, code) => Self::Kafka(KafkaError::MessageProduction(code)),
        }
    }
}

/// What a session works with.
pub struct Tools {
    pub config: Config,
    pub views: PgPool,
    pub published: Published,
    /// Says that there may be changes.
    pub changed: watch::Receiver<()>,
    /// The topic as Kafka named it last.
    pub topic_id: watch::Receiver<Option<TopicId>>,
    pub shutdown: CancellationToken,
}

/// A producer that nobody has fenced yet.
pub struct Session<'a, P> {
    tools: &'a Tools,
    producer: Arc<TransactionalProducer>,
    unwanted: CancellationToken,
    /// Full name of the topic.
    topic: String,
    topic_id: String,
    /// Tells blocking calls that are left behind that nobody waits for them.
    _wanted: DropGuard,
    projection: PhantomData<fn() -> P>,
}

impl<'a, P: Projection> Session<'a, P> {
    /// Fences whoever published before.
    pub async fn open(tools: &'a Tools) -> Result<Self, Trouble> {
        let unwanted = CancellationToken::new();
        let wanted = unwanted.clone().drop_guard();
        let producer = Self::producer(tools, unwanted.clone()).await?;
        let spec = &tools.published.topic;
        let topic = TopicState::read(&tools.config, spec.name).await?;
        store::readmit(&tools.views, P::NAME).await?;
        Ok(Self {
            tools,
            producer,
            unwanted,
            topic: tools.config.kafka_name(spec.name),
            topic_id: topic.id,
            _wanted: wanted,
            projection: PhantomData,
        })
    }

    async fn producer(
        tools: &Tools,
        unwanted: CancellationToken,
    ) -> Result<Arc<TransactionalProducer>, Trouble> {
        let (config, largest) = (tools.config.clone(), tools.published.largest);
        let producer = blocking(move || {
            let name = super::name(P::NAME);
            TransactionalProducer::open(&config, &name, Some(largest), unwanted)
        });
        Ok(Arc::new(producer.await?))
    }

    /// Publishes until the role is to stop. What is read is published before
    /// anything else is read.
    pub async fn publish(&mut self) -> Result<(), Trouble> {
        let Tools {
            views, published, ..
        } = self.tools;
        let mut changed = self.tools.changed.clone();
        while !self.tools.shutdown.is_cancelled() {
            self.same_topic()?;
            changed.mark_unchanged();
            let page = store::page(views, P::NAME, published).await?;
            if !page.is_empty() {
                let few = page.len() < FEW;
                self.publish_page(page).await?;
                if few {
                    sleep(PACE).await;
                }
            } else if !self.note_more().await? {
                let woken = timeout(POLL, changed.changed());
                // Ending by the time is as good; the end of the role, too.
                let _ = self.tools.shutdown.run_until_cancelled(woken).await;
            }
        }
        Ok(())
    }

    /// A topic that was made anew holds nothing of what was published.
    fn same_topic(&self) -> Result<(), Trouble> {
        let seen = *self.tools.topic_id.borrow();
        match seen {
            Some(id) if id.to_string() != self.topic_id => Err(Trouble::OtherTopic),
            _ => Ok(()),
        }
    }

    /// Publishes all of a page. What Kafka refuses of it takes those along that
    /// it was sent with, whoever is named: halves are tried, until the one that
    /// is refused stands alone. A refusal costs the producer: another one goes
    /// on.
    async fn publish_page(&mut self, page: Vec<Change>) -> Result<(), Trouble> {
        let mut pending = vec![page];
        while let Some(part) = pending.pop() {
            let begin = Instant::now();
            let Tools {
                views, published, ..
            } = self.tools;
            let (producer, published) = (Arc::clone(&self.producer), *published);
            let (topic, from) = (self.topic.clone(), views.clone());
            let attempt = move || {
                let outcome = records::publish(&producer, &published, &topic, (&from, &part));
                (part, outcome)
            };
            let (mut part, outcome) = blocking(attempt).await;
            match outcome {
                Ok(()) => {
                    metrics::published(P::NAME, part.len(), begin.elapsed());
                    store::forget(views, P::NAME, &part).await?;
                }
                Err(Failure::Refused(_, code)) => {
                    if let [change] = &part[..] {
                        self.put_aside(change, code).await?;
                    } else {
                        let second = part.split_off(part.len() / 2);
                        pending.extend([second, part]);
                    }
                    self.producer = Self::producer(self.tools, self.unwanted.clone()).await?;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(())
    }

    /// It was not published; the others are.
    async fn put_aside(&self, change: &Change, code: RDKafkaErrorCode) -> Result<(), Trouble> {
        let (id, reason) = (change.id, code.to_string());
        tracing::error!(
            projection = P::NAME,
            %id,
            reason,
            "publisher.document_refused"
        );
        Ok(store::refuse(&self.tools.views, P::NAME, change, &reason).await?)
    }

    /// Notes some more of what is to be published as a whole, where that is not
    /// done; whether there may be something to publish now.
    async fn note_more(&self) -> Result<bool, Trouble> {
        let Tools {
            views, published, ..
        } = self.tools;
        let Some((build, epoch)) = store::served(views, P::NAME).await? else {
            return Ok(false);
        };
        let begun = store::publication(views, P::NAME).await?;
        let of = match begun {
            Some(of) if of.build == build && of.topic_id == self.topic_id => of,
            before => return self.begin(before, build, epoch).await,
        };
        if of.complete {
            return Ok(false);
        }
        if store::note_next(views, P::NAME, published.table, &of).await? > 0 {
            return Ok(true);
        }
        if store::served(views, P::NAME).await? != Some((build, epoch)) {
            return Ok(true);
        }
        if of.prune {
            self.note_leftovers().await?;
        }
        store::complete(views, P::NAME, &of).await?;
        tracing::info!(projection = P::NAME, build, "publisher.complete");
        Ok(true)
    }

    async fn begin(
        &self,
        before: Option<Publication>,
        build: i64,
        epoch: i32,
    ) -> Result<bool, Trouble> {
        let known = before.is_some_and(|of| of.epoch == epoch && !of.prune);
        let held = self.held().await?;
        let begun = Publication {
            topic_id: self.topic_id.clone(),
            build,
            epoch,
            noted_to: Uuid::nil(),
            prune: !known && held.iter().any(|range| range.end > range.low),
            complete: false,
        };
        store::begin(&self.tools.views, P::NAME, &begun).await?;
        tracing::info!(projection = P::NAME, build, epoch, "publisher.begins");
        Ok(true)
    }

    /// What the topic holds, per partition.
    async fn held(&self) -> Result<Vec<Watermarks>, TopicError> {
        let Tools {
            config, published, ..
        } = self.tools;
        let topic = TopicState::read(config, published.topic.name).await?;
        Ok(topic.ranges.into_values().collect())
    }

    async fn note_leftovers(&self) -> Result<(), Trouble> {
        let Tools {
            config,
            views,
            published,
            ..
        } = self.tools;
        let ranges = self.held().await?;
        let (config, views, published) = (config.clone(), views.clone(), *published);
        let look = move || leftovers::note_all(&config, &views, P::NAME, &published, &ranges);
        let gone = blocking(look).await?;
        tracing::info!(projection = P::NAME, gone, "publisher.leftovers");
        Ok(())
    }
}
