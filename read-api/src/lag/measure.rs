//! Asking both ends, and putting together what they say.

use super::{
    behind::{Behind, Read},
    store::{self, Checkpoint, Others},
};
use crate::servers::Servers;
use contracts::LogPosition;
use futures_util::future::join_all;
use infra::views::{
    self,
    models::{self, ReadModel},
};
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use tokio::time::timeout;

/// How long one server may take to say where it is: the others wait for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far every projection is behind, by its name; those of this release are
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
    /// Where the end of the log began when it was read last.
    end: Option<LogPosition>,
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
            end: None,
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
        let first = first(&places, |model| *model == models::ORDERS);
        if first < end {
            (read.older, read.gap) = store::between(&self.events, first, end).await?;
        }
        let others = self.others(&places).await?;
        self.end = Some(end);
        let each = places.into_iter().zip(&mut self.clear);
        let measured = each.map(|(places, clear)| {
            let places = places?;
            Some(behind(&read, &others, places, clear))
        });
        Ok(measured.collect())
    }

    /// What other projections than those of orders may miss. Theirs are few events
    /// among many, so where each of them missed nothing a moment ago only the end of
    /// the log is looked at.
    async fn others(&self, places: &[Option<Places>]) -> Result<Others, sqlx::Error> {
        let after = first(places, |model| *model != models::ORDERS);
        let near = self.end.is_some_and(|end| after >= end);
        store::others(&self.events, after, near).await
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

/// What a projection is made of: one that is not of this release, of orders.
fn model_of(projection: &str) -> &'static ReadModel {
    models::named(projection).unwrap_or(&models::ORDERS)
}

/// The first of the places of some projections, on any server.
fn first(places: &[Option<Places>], of: impl Fn(&ReadModel) -> bool) -> LogPosition {
    let all = places.iter().flatten().flatten();
    let those = all.filter(|((projection, _), _)| of(model_of(projection)));
    those.map(|(_, at)| *at).min().unwrap_or_default()
}

/// How far each of these places is behind; remembers those that are not.
fn behind(read: &Read, others: &Others, places: Places, clear: &mut Clear) -> Measured {
    let (mut measured, end) = (Measured::default(), read.end_begins());
    for ((projection, partition), at) in places {
        let model = model_of(&projection);
        let behind = if *model == models::ORDERS {
            read.behind(partition, at)
        } else {
            let of = others.of.get(model.aggregate_type);
            Behind::of(of.map_or(&[], Vec::as_slice), others.cut, partition, at)
        };
        if behind == Behind::default() {
            clear.insert((projection.clone(), partition), at.max(end));
        }
        let lag = measured.0.entry(projection).or_default();
        lag.0.insert(partition, behind);
    }
    measured
}

/// Where every partition of every projection is: one without a checkpoint is at
/// the beginning, and so is a projection of this release before it was ever built.
fn places(checkpoints: &[Checkpoint], clear: &Clear) -> Places {
    let names = checkpoints.iter().map(|c| c.projection.as_str());
    let known = models::ALL.iter().map(|model| model.name);
    let all = names.chain(known).flat_map(|name| {
        let partitions = 0..model_of(name).topic.partitions;
        partitions.map(move |partition| (name.to_owned(), partition))
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
