//! The feed of changes: which orders read otherwise now, told once they do.
//!
//! Its source is the log, up to where the views are: an event is told of once
//! the offset of its partition has passed it, in log order. So it is resumed by
//! a place in the log, as every stream is, needs no table that somebody would
//! have to fill and clear, and never tells of what cannot be read yet. What
//! changes documents beside events (another build, an order that was driven
//! again) is in no log; it is told as a whole, by the generation.
//!
//! The log says only where its events are ([`EventKey`]), and says it once:
//! what the views have not passed yet is kept until they have.

use super::{
    feed::{About, Edge, Feed, FeedError, Item, Page},
    store::{self, Row, Served},
};
use crate::{
    consistency::Progress,
    log::{Log, ORDER},
};
use contracts::{LogPosition, partition::partition_of, topics::ORDER_EVENTS_PARTITIONS};
use infra::log::{EventKey, PageSize};
use serde::Serialize;
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

/// Events among which the first one that is not projected yet is looked for.
const SEARCHED: i64 = 2_000;

/// An order reads otherwise now. Ask for it with `min_version`, and no cache
/// answers with less.
#[derive(Debug, Serialize)]
struct OrderChanged<'a> {
    id: Uuid,
    /// The version that it has at least
    version: i64,
    platform: &'a str,
}

/// Orders whose documents have changed. Cheap to clone.
#[derive(Clone)]
pub struct Changes {
    reach: Reach,
    views: PgPool,
    progress: Progress,
}

/// How far views are in the log. Cheap to clone.
#[derive(Clone)]
pub struct Reach {
    log: Log,
}

/// Events that were read from a place on, and are told once the views have
/// passed them.
#[derive(Debug, Default)]
pub struct Ahead {
    after: LogPosition,
    /// The newest epoch that the views knew when they were read: an older one
    /// may have lost its end since.
    epoch: i32,
    keys: VecDeque<EventKey>,
}

impl Ahead {
    /// How many of them the views have passed, without a gap.
    fn passed(&self, served: &Served) -> usize {
        let passed = self.keys.iter().take_while(|key| is_passed(key, served));
        passed.count()
    }

    /// The place of the last of so many.
    fn place(&self, count: usize) -> LogPosition {
        let last = count.checked_sub(1).and_then(|last| self.keys.get(last));
        last.map_or(self.after, |key| key.at)
    }

    /// Goes on behind so many.
    fn advance(&mut self, count: usize) {
        self.after = self.place(count);
        self.keys.drain(..count);
    }
}

impl Changes {
    /// Of these views of this log.
    pub fn new(log: Log, views: PgPool, progress: Progress) -> Self {
        Self {
            reach: Reach::new(log),
            views,
            progress,
        }
    }
}

impl Reach {
    /// In this log.
    pub const fn new(log: Log) -> Self {
        Self { log }
    }

    /// The last place of which these views, of any server, have everything. A
    /// partition's offset may be long ago because nothing happened since, which
    /// only the log tells.
    ///
    /// # Errors
    /// Where the log or the views cannot be read.
    pub async fn end_of(&self, views: &PgPool) -> Result<Edge, FeedError> {
        let newest = self.log.reader.newest_final().await?;
        let newest = newest.unwrap_or(LogPosition::START);
        let served = store::served(views).await?;
        let mut at = served.slowest().min(newest);
        let mut generation = served.generation;
        let mut ahead = Ahead::default();
        while at < newest {
            let served = self.look(views, at, &[], SEARCHED, &mut ahead).await?;
            generation = served.generation;
            let passed = ahead.passed(&served);
            if passed == 0 {
                break;
            }
            ahead.advance(passed);
            at = ahead.after;
        }
        Ok(Edge {
            at,
            generation: Some(generation),
        })
    }

    /// How far these views are, with what comes after `after` in `ahead`: read
    /// if it is not there.
    async fn look(
        &self,
        views: &PgPool,
        after: LogPosition,
        of: &[Uuid],
        limit: i64,
        ahead: &mut Ahead,
    ) -> Result<Served, FeedError> {
        if self.log.usable().is_err() {
            *ahead = Ahead::default();
            return Err(FeedError::Refused);
        }
        let served = store::served(views).await?;
        let epoch = served.epoch();
        if ahead.keys.is_empty() || ahead.after != after || ahead.epoch != epoch {
            let keys = self.keys(after, of, limit).await?.into();
            *ahead = Ahead { after, epoch, keys };
        }
        Ok(served)
    }

    async fn keys(
        &self,
        after: LogPosition,
        of: &[Uuid],
        limit: i64,
    ) -> Result<Vec<EventKey>, sqlx::Error> {
        let reader = &self.log.reader;
        if of.is_empty() {
            return reader.keys_after(after, limit).await;
        }
        let ids: Vec<String> = of.iter().map(Uuid::to_string).collect();
        reader.keys_after_of(ORDER, &ids, after, limit).await
    }
}

impl Feed for Changes {
    const NAME: &'static str = "changes";

    type Hints = watch::Receiver<()>;

    type Ahead = Ahead;

    fn hints(&self) -> watch::Receiver<()> {
        self.progress.moved()
    }

    async fn wait(hints: &mut watch::Receiver<()>, at_most: Duration) -> bool {
        timeout(at_most, hints.changed()).await.is_ok()
    }

    /// What is not projected yet is still to be told; so the end is where the
    /// views are, not where the log is.
    async fn end(&self) -> Result<Edge, FeedError> {
        self.reach.end_of(&self.views).await
    }

    async fn page(
        &self,
        after: LogPosition,
        of: &[Uuid],
        size: PageSize,
        ahead: &mut Ahead,
    ) -> Result<Page, FeedError> {
        let views = &self.views;
        let look = self.reach.look(views, after, of, size.events, ahead);
        let served = look.await?;
        let passed = ahead.passed(&served);
        let last = last_of_each(ahead.keys.iter().take(passed));
        let ids: Vec<Uuid> = last.values().map(|(id, _)| *id).collect();
        let rows = if ids.is_empty() {
            BTreeMap::new()
        } else {
            store::rows(views, &ids).await?.into_iter().collect()
        };
        let mut items = Vec::with_capacity(last.len());
        for (at, (id, version)) in last {
            // A parked order reads as it did; once it is driven again, the
            // generation is another one.
            if let Some(row) = rows.get(&id).filter(|row| row.version >= version) {
                items.push(item(at, id, row)?);
            }
        }
        ahead.advance(passed);
        Ok(Page {
            after,
            items,
            reached: Edge {
                at: ahead.after,
                generation: Some(served.generation),
            },
        })
    }
}

fn is_passed(key: &EventKey, served: &Served) -> bool {
    let partition = partition_of(key.aggregate_id.as_bytes(), ORDER_EVENTS_PARTITIONS);
    key.aggregate_type != ORDER || served.frontier.get(&partition) >= Some(&key.at)
}

/// Where each order has its last event, with its version then.
fn last_of_each<'a>(
    keys: impl Iterator<Item = &'a EventKey>,
) -> BTreeMap<LogPosition, (Uuid, i64)> {
    let orders = keys.filter(|key| key.aggregate_type == ORDER);
    let orders = orders.filter_map(|key| {
        let id = Uuid::try_parse(&key.aggregate_id).ok()?;
        Some((id, (key.at, key.sequence)))
    });
    let last: BTreeMap<Uuid, (LogPosition, i64)> = orders.collect();
    let last = last.into_iter();
    last.map(|(id, (at, version))| (at, (id, version)))
        .collect()
}

fn item(at: LogPosition, id: Uuid, row: &Row) -> Result<Item, serde_json::Error> {
    let changed = OrderChanged {
        id,
        version: row.version,
        platform: &row.platform,
    };
    let json = serde_json::to_vec(&changed)?;
    let about = About {
        at,
        order: id,
        platform: Some(Arc::from(row.platform.as_str())),
        event_type: Arc::from(""),
    };
    Ok(Item { about, json })
}
