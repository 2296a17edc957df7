//! The feed of changes: which orders read otherwise now, told once they do.
//!
//! Its source is the log, up to where the views are: an event is told of once
//! the offset of its partition has passed it, in log order. So it is resumed by
//! a place in the log, as every stream is, needs no table that somebody would
//! have to fill and clear, and never tells of what cannot be read yet. What
//! changes documents beside events (another build, an order that was driven
//! again) is in no log; it is told as a whole, by the generation.

use super::{
    feed::{Edge, Feed, FeedError, Item, Page},
    store::{self, Row, Served},
};
use crate::{
    consistency::Progress,
    log::{Log, ORDER},
};
use contracts::{LogPosition, partition::partition_of, topics::ORDER_EVENTS_PARTITIONS};
use infra::log::{LogPager, PageSize, StoredEvent};
use serde::Serialize;
use sqlx::PgPool;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

/// Pages in which the first event that is not projected yet is looked for.
const SEARCHED: PageSize = PageSize {
    events: 2_000,
    bytes: 2 << 20,
};

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
    log: Log,
    views: PgPool,
    progress: Progress,
}

impl Changes {
    /// Of these views of this log.
    pub fn new(log: Log, views: PgPool, progress: Progress) -> Self {
        Self {
            log,
            views,
            progress,
        }
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
        while at < newest {
            let mut pager = LogPager::new(self.log.reader.clone(), at).pages_of(SEARCHED);
            let (served, _, reached) = self.passed(views, &mut pager).await?;
            generation = served.generation;
            if reached == at {
                break;
            }
            at = reached;
        }
        Ok(Edge {
            at,
            generation: Some(generation),
        })
    }

    /// How far these views are, then a page of the log as far as they are.
    async fn passed(
        &self,
        views: &PgPool,
        pager: &mut LogPager,
    ) -> Result<(Served, Vec<StoredEvent>, LogPosition), FeedError> {
        if self.log.usable().is_err() {
            return Err(FeedError::Refused);
        }
        let after = pager.position();
        let served = store::served(views).await?;
        let mut stored = pager.next().await?;
        let all = stored.len();
        let passed = stored.iter().take_while(|event| is_passed(event, &served));
        let passed = passed.count();
        stored.truncate(passed);
        let reached = match stored.last() {
            _ if passed == all => pager.position(),
            Some(last) => last.at,
            None => after,
        };
        Ok((served, stored, reached))
    }
}

impl Feed for Changes {
    const NAME: &'static str = "changes";

    type Hints = watch::Receiver<()>;

    fn hints(&self) -> watch::Receiver<()> {
        self.progress.moved()
    }

    async fn wait(hints: &mut watch::Receiver<()>, at_most: Duration) -> bool {
        timeout(at_most, hints.changed()).await.is_ok()
    }

    /// What is not projected yet is still to be told; so the end is where the
    /// views are, not where the log is.
    async fn end(&self) -> Result<Edge, FeedError> {
        self.end_of(&self.views).await
    }

    async fn page(
        &self,
        after: LogPosition,
        of: &[Uuid],
        size: PageSize,
    ) -> Result<Page, FeedError> {
        let mut pager = LogPager::new(self.log.reader.clone(), after).pages_of(size);
        if !of.is_empty() {
            pager = pager.of(ORDER, of.iter().map(Uuid::to_string).collect());
        }
        let (served, stored, at) = self.passed(&self.views, &mut pager).await?;
        let last = last_of_each(&stored);
        let ids: Vec<Uuid> = last.values().map(|(id, _)| *id).collect();
        let rows = if ids.is_empty() {
            BTreeMap::new()
        } else {
            store::rows(&self.views, &ids).await?.into_iter().collect()
        };
        let mut items = Vec::with_capacity(last.len());
        for (at, (id, version)) in last {
            // A parked order reads as it did; once it is driven again, the
            // generation is another one.
            if let Some(row) = rows.get(&id).filter(|row| row.version >= version) {
                items.push(item(at, id, row)?);
            }
        }
        Ok(Page {
            after,
            items,
            reached: Edge {
                at,
                generation: Some(served.generation),
            },
        })
    }
}

fn is_passed(event: &StoredEvent, served: &Served) -> bool {
    let partition = partition_of(event.aggregate_id.as_bytes(), ORDER_EVENTS_PARTITIONS);
    event.aggregate_type != ORDER || served.frontier.get(&partition) >= Some(&event.at)
}

/// Where each order has its last event, with its version then.
fn last_of_each(stored: &[StoredEvent]) -> BTreeMap<LogPosition, (Uuid, i64)> {
    let orders = stored.iter().filter(|event| event.aggregate_type == ORDER);
    let orders = orders.filter_map(|event| {
        let id = Uuid::try_parse(&event.aggregate_id).ok()?;
        Some((id, (event.at, event.sequence)))
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
    let json = serde_json::to_string(&changed)?;
    Ok(Item {
        at,
        order: id,
        platform: Some(Arc::from(row.platform.as_str())),
        event_type: Arc::from(""),
        text: format!("data: {json}\n\n").into(),
    })
}
