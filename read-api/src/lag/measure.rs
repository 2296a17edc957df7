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
    /// Where each partition of each projection was on the primary then; none for
    /// one that missed nothing.
    primary: BTreeMap<String, Vec<Option<i64>>>,
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
            primary: BTreeMap::new(),
        }
    }

    /// The log that it measures by.
    pub const fn log(&self) -> &PgPool {
        &self.events
    }

    /// Up to which position of the log each projection was on the primary when it
    /// was measured last: the mean of its partitions, each of which has its share of
    /// the events before it. One that misses nothing is at the `end`.
    pub fn reached(&self, end: i64) -> impl Iterator<Item = (String, i64)> {
        let each = self.primary.iter();
        each.map(move |(name, places)| (name.clone(), mean(places, end)))
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
        let primary = places.first().cloned().flatten().unwrap_or_default();
        let each = places.into_iter().zip(&mut self.clear);
        let measured = each.map(|(places, clear)| {
            let places = places?;
            Some(behind(&read, &others, places, clear))
        });
        let measured: Vec<_> = measured.collect();
        self.primary = reached(primary, measured.first().and_then(Option::as_ref));
        Ok(measured)
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

/// Where the partitions of each projection are; none for those that miss nothing.
fn reached(places: Places, measured: Option<&Measured>) -> BTreeMap<String, Vec<Option<i64>>> {
    let mut reached: BTreeMap<String, Vec<Option<i64>>> = BTreeMap::new();
    for ((projection, partition), at) in places {
        let lag = measured.and_then(|measured| measured.0.get(&projection));
        let behind = lag.and_then(|lag| lag.0.get(&partition));
        let missing = behind.is_none_or(|behind| behind.events > 0 || behind.estimated);
        let all = reached.entry(projection).or_default();
        all.push(missing.then_some(at.position));
    }
    reached
}

/// The mean of these places, of which one without a position is at the end.
fn mean(places: &[Option<i64>], end: i64) -> i64 {
    let sum: i128 = places.iter().map(|at| i128::from(at.unwrap_or(end))).sum();
    let count = i128::try_from(places.len().max(1)).unwrap_or(1);
    i64::try_from(sum / count).unwrap_or(end)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_is_where_its_partitions_are_on_the_whole() {
        assert_eq!(mean(&[None, None], 90), 90, "nothing is missing");
        assert_eq!(mean(&[Some(30), None], 90), 60);
        assert_eq!(mean(&[Some(i64::MAX), Some(i64::MAX)], 0), i64::MAX);
        assert_eq!(mean(&[], 90), 0);
    }
}
