//! The feed of events: the log as it is published, but readable.

use super::feed::{About, Edge, Feed, FeedError, Item, Page};
use crate::log::{Log, ORDER};
use contracts::LogPosition;
use infra::{
    log::{LogHints, LogPager, OrderPlatforms, PageSize, PublishedEvent},
    sealing::OpenError,
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// An event as it is told.
pub struct Told {
    /// The platform of its order.
    pub platform: Option<Arc<str>>,
    /// As it is published, but readable.
    pub event: PublishedEvent,
}

/// Events of orders, as they are recorded. Cheap to clone.
#[derive(Clone)]
pub struct Events {
    log: Log,
    platforms: OrderPlatforms,
}

impl Events {
    /// Of this log.
    pub fn new(log: Log) -> Self {
        Self {
            log,
            platforms: OrderPlatforms::default(),
        }
    }

    /// A pager of what comes after `after`; of these orders only, where there are
    /// any.
    pub fn pager(&self, after: LogPosition, of: &[Uuid], size: PageSize) -> LogPager {
        let pager = LogPager::new(self.log.reader.clone(), after).pages_of(size);
        if of.is_empty() {
            return pager;
        }
        pager.of(ORDER, of.iter().map(Uuid::to_string).collect())
    }

    /// What the next page of a pager holds. Empty: nothing is there yet, unless
    /// the pager has moved on.
    pub async fn read(&self, pager: &mut LogPager) -> Result<Vec<Told>, FeedError> {
        if self.log.usable().is_err() {
            return Err(FeedError::Refused);
        }
        let stored = pager.next().await?;
        let platforms = self.platforms.of(&self.log.reader, &stored).await?;
        let mut events = Vec::with_capacity(stored.len());
        for stored in &stored {
            events.extend(self.log.mapping.event(stored)?);
        }
        self.open(&mut events).await?;
        let told = events.into_iter().map(|event| {
            let platform = platforms.get(&event.envelope.subject.to_string());
            Told {
                platform: platform.cloned().flatten(),
                event,
            }
        });
        Ok(told.collect())
    }

    /// Opens personal data where it lies. What is damaged stays sealed, as it is
    /// on Kafka: it must not hold up what comes after it.
    async fn open(&self, events: &mut [PublishedEvent]) -> Result<(), OpenError> {
        let mut rest = events;
        loop {
            match self.log.sealing.open(rest).await {
                Ok(_) => return Ok(()),
                Err(error) => match error {
                    OpenError::Event { index, .. } if error.is_of_the_event() => {
                        tracing::warn!(%error, "live.event_stays_sealed");
                        rest = &mut rest[index + 1..];
                    }
                    error => return Err(error),
                },
            }
        }
    }
}

impl Feed for Events {
    const NAME: &'static str = "events";

    type Hints = LogHints;

    /// Whatever is final is told at once.
    type Ahead = ();

    fn hints(&self) -> LogHints {
        self.log.hints()
    }

    async fn wait(hints: &mut LogHints, at_most: Duration) -> bool {
        hints.wait(at_most).await
    }

    async fn end(&self) -> Result<Edge, FeedError> {
        if self.log.usable().is_err() {
            return Err(FeedError::Refused);
        }
        let at = self.log.reader.newest_final().await?;
        Ok(Edge {
            at: at.unwrap_or(LogPosition::START),
            generation: None,
        })
    }

    async fn page(
        &self,
        after: LogPosition,
        of: &[Uuid],
        size: PageSize,
        (): &mut (),
    ) -> Result<Page, FeedError> {
        let mut pager = self.pager(after, of, size);
        let told = self.read(&mut pager).await?.into_iter();
        let items = told.map(|Told { platform, event }| {
            let PublishedEvent { envelope, data, .. } = event;
            let json = envelope.to_json(&data)?;
            let about = About {
                at: envelope.position.at,
                order: envelope.subject,
                platform,
                event_type: envelope.event_type.into(),
            };
            Ok(Item { about, json })
        });
        Ok(Page {
            after,
            items: items.collect::<Result<_, serde_json::Error>>()?,
            reached: Edge {
                at: pager.position(),
                generation: None,
            },
        })
    }
}
