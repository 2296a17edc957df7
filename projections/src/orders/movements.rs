//! What each event moved in the statistics, kept per order: the ledger behind
//! the figures by event date.
//!
//! A sum by the hours of events cannot be told from an order's present state.
//! So that an order that is folded anew is not counted twice, what its events
//! had moved is stored, and taken back first.

use super::shared::{
    Counted, Differences,
    statistics::{Key, Sums},
};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;
use uuid::Uuid;

/// Which movement: the order, its version, and 0, or 1 for the second group of
/// an event that took the order from one group to another.
pub type MovementId = (Uuid, i64, i16);

/// What one event moved in one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// When it happened.
    pub at: OffsetDateTime,
    /// Partition of the order's events.
    pub partition: i32,
    /// Its group, and its hour.
    pub key: Key,
    /// Differences.
    pub sums: Sums,
}

/// The movements of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Movements {
    /// New ones.
    pub made: BTreeMap<MovementId, Movement>,
    /// Orders that are folded anew: their stored movements are void, and what
    /// else is stored beside their rows.
    pub void: BTreeSet<Uuid>,
}

impl Movements {
    /// Records what an event of `order` moved, and counts it in `statistics`.
    pub(super) fn record(
        &mut self,
        (order, version): (Uuid, i64),
        (at, partition): (OffsetDateTime, i32),
        moved: Counted<Sums>,
        statistics: &mut Differences<Sums>,
    ) {
        for (part, (key, sums)) in (0..).zip(moved) {
            statistics.add(partition, [(key.clone(), sums)]);
            let movement = Movement {
                at,
                partition,
                key,
                sums,
            };
            self.made.insert((order, version, part), movement);
        }
    }

    /// Takes back everything that an order's events moved: what this batch
    /// has made here, what is stored by the store.
    pub(super) fn retract(&mut self, order: Uuid, statistics: &mut Differences<Sums>) {
        self.void.insert(order);
        let made = self
            .made
            .extract_if((order, 0, 0)..=(order, i64::MAX, i16::MAX), |_, _| true);
        for (_, movement) in made {
            statistics.add(movement.partition, [(movement.key, -movement.sums)]);
        }
    }
}
