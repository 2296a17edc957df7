//! Asking both ends, and putting together what they say.

use super::{
    behind::Behind,
    store::{self, Checkpoint},
};
use contracts::{LogPosition, topics::ORDER_EVENTS_PARTITIONS};
use infra::views;
use sqlx::PgPool;
use std::collections::{BTreeMap, HashMap};

/// How far every projection is behind, by its name; that of the orders is
/// always there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Measured(pub BTreeMap<String, ProjectionLag>);

/// How far each partition of a projection is behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectionLag(pub BTreeMap<i32, Behind>);

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
    views: PgPool,
    /// Up to where partitions were seen to miss nothing.
    clear: HashMap<(String, i32), LogPosition>,
}

impl Meter {
    /// Of this log and these views.
    pub fn new(events: PgPool, views: PgPool) -> Self {
        Self {
            events,
            views,
            clear: HashMap::new(),
        }
    }

    /// Measures the lag of each partition of each projection.
    pub async fn measure(&mut self) -> Result<Measured, sqlx::Error> {
        // The log first: an event that arrives in between is not counted.
        let mut read = store::newest(&self.events).await?;
        let places = self.places(&store::checkpoints(&self.views).await?);
        let end = read.end_begins();
        let first = places.values().min().copied().unwrap_or_default();
        if first < end {
            (read.older, read.gap) = store::between(&self.events, first, end).await?;
        }
        let mut measured = Measured::default();
        for ((projection, partition), at) in places {
            let behind = read.behind(partition, at);
            if behind == Behind::default() {
                self.clear
                    .insert((projection.clone(), partition), at.max(end));
            }
            let lag = measured.0.entry(projection).or_default();
            lag.0.insert(partition, behind);
        }
        Ok(measured)
    }

    /// Where every partition of every projection is: one without a checkpoint
    /// is at the beginning, and so is the projection of orders before it was
    /// ever built.
    fn places(&self, checkpoints: &[Checkpoint]) -> BTreeMap<(String, i32), LogPosition> {
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
            let clear = self.clear.get(key).filter(|clear| clear.epoch == at.epoch);
            *at = clear.map_or(*at, |clear| (*clear).max(*at));
        }
        places
    }
}
