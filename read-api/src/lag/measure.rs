//! Asking both ends, and putting together what they say.

use super::{
    behind::{Behind, Read},
    store::{self, Checkpoint},
};
use crate::servers::Servers;
use contracts::{LogPosition, topics::ORDER_EVENTS_PARTITIONS};
use futures_util::future::join_all;
use infra::views;
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use tokio::time::timeout;

/// How long one server may take to say where it is: the others wait for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far every projection is behind, by its name; that of the orders is
/// always there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measured(pub BTreeMap<String, ProjectionLag>);

/// How far each partition of a projection is behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectionLag(pub BTreeMap<i32, Behind>);

impl Measured {
    /// How far the orders are behind as a whole.
    pub fn orders(&self) -> Behind {
        let orders = self.0.get(views::ORDERS);
        orders.map_or_else(Behind::default, ProjectionLag::whole)
    }
}

impl ProjectionLag {
    /// All partitions together.
    pub fn whole(&self) -> Behind {
        self.0.values().fold(Behind::default(), Behind::and)
    }
}

/// Measures again and again; what it remembers keeps a partition that has had
/// no event for long from being searched for in the whole log each time.
pub struct Meter {
    events: PgPool,
    servers: Servers,
    /// Up to where partitions were seen to miss nothing, by server.
    clear: Vec<Clear>,
}

type Clear = HashMap<(String, i32), LogPosition>;
type Places = BTreeMap<(String, i32), LogPosition>;

impl Meter {
    /// Of this log and the views of these servers.
    pub fn new(events: PgPool, servers: Servers) -> Self {
        let clear = servers.each().map(|_| HashMap::new()).collect();
        Self {
            events,
            servers,
            clear,
        }
    }

    /// Measures the lag of each partition of each projection on each server;
    /// none for one that does not answer.
    ///
    /// # Errors
    /// Where the log, or every server, does not answer.
    pub async fn measure(&mut self) -> Result<Vec<Option<Measured>>, sqlx::Error> {
        // The log first: an event that arrives in between is not counted.
        let mut read = store::newest(&self.events).await?;
        let checkpoints = self.checkpoints().await?;
        let places: Vec<Option<Places>> = checkpoints
            .iter()
            .zip(&self.clear)
            .map(|(checkpoints, clear)| Some(places(checkpoints.as_ref()?, clear)))
            .collect();
        let end = read.end_begins();
        let all = places.iter().flatten().flat_map(BTreeMap::values);
        let first = all.min().copied().unwrap_or_default();
        if first < end {
            (read.older, read.gap) = store::between(&self.events, first, end).await?;
        }
        let each = places.into_iter().zip(&mut self.clear);
        let measured = each.map(|(places, clear)| Some(behind(&read, places?, clear)));
        Ok(measured.collect())
    }

    /// Where each server is.
    async fn checkpoints(&self) -> Result<Vec<Option<Vec<Checkpoint>>>, sqlx::Error> {
        let asked = self.servers.each().map(async |(place, _, views)| {
            if self.servers.has_replicas() && !self.servers.answers(place) {
                return Err(sqlx::Error::PoolTimedOut);
            }
            let read = timeout(PATIENCE, store::checkpoints(views)).await;
            read.unwrap_or(Err(sqlx::Error::PoolTimedOut))
        });
        let answers = join_all(asked).await;
        if answers.iter().any(Result::is_ok) {
            return Ok(answers.into_iter().map(Result::ok).collect());
        }
        let failed = answers.into_iter().next().map(|answer| answer.map(Some));
        failed.into_iter().collect()
    }
}

/// How far each of these places is behind; remembers those that are not.
fn behind(read: &Read, places: Places, clear: &mut Clear) -> Measured {
    let (mut measured, end) = (Measured::default(), read.end_begins());
    for ((projection, partition), at) in places {
        let behind = read.behind(partition, at);
        if behind == Behind::default() {
            clear.insert((projection.clone(), partition), at.max(end));
        }
        let lag = measured.0.entry(projection).or_default();
        lag.0.insert(partition, behind);
    }
    measured
}

/// Where every partition of every projection is: one without a checkpoint is at
/// the beginning, and so is the projection of orders before it was ever built.
fn places(checkpoints: &[Checkpoint], clear: &Clear) -> Places {
    let names = checkpoints.iter().map(|c| c.projection.as_str());
    let all = names.chain([views::ORDERS]).flat_map(|name| {
        (0..ORDER_EVENTS_PARTITIONS).map(move |partition| (name.to_owned(), partition))
    });
    let mut places: BTreeMap<_, _> = all.map(|key| (key, LogPosition::START)).collect();
    for checkpoint in checkpoints {
        let key = (checkpoint.projection.clone(), checkpoint.partition);
        places.insert(key, checkpoint.at);
    }
    for (key, at) in &mut places {
        // After the log was restored nothing is known of it any more.
        let clear = clear.get(key).filter(|clear| clear.epoch == at.epoch);
        *at = clear.map_or(*at, |clear| (*clear).max(*at));
    }
    places
}
