//! What a batch adds to what waits.

use crate::engine::{
    event::{RawRecord, Record},
    projection::Projection,
};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// The name of what a record parks: its order, or the record itself where it
/// names none.
pub fn park_id<P: Projection>(record: &RawRecord, build: i64) -> String {
    record.order::<P>().map_or_else(
        || format!("record-{build}-{}-{}", record.partition, record.offset),
        |order| order.to_string(),
    )
}

/// Something that is parked from now on.
#[derive(Debug, PartialEq, Eq)]
pub struct NewlyParked {
    pub id: String,
    pub partition: i32,
    /// Version of its row.
    pub version: i64,
    pub reason: String,
}

/// A record that waits from now on.
#[derive(Debug, PartialEq, Eq)]
pub struct Waiting {
    pub id: String,
    /// Version of the order after it, where it can be read.
    pub version: Option<i64>,
    pub record: RawRecord,
}

/// What waits when a batch begins, and what it adds.
#[derive(Debug, Default)]
pub struct Parking {
    /// What is parked already, with the versions of its rows.
    before: HashMap<String, i64>,
    pub parked: BTreeMap<String, NewlyParked>,
    pub waiting: Vec<Waiting>,
}

impl Parking {
    /// With what is parked already, and the versions of its rows.
    pub fn after(before: HashMap<String, i64>) -> Self {
        Self {
            before,
            ..Self::default()
        }
    }

    /// The version at which an order is parked; none while it is not.
    pub fn holds(&self, order: Uuid) -> Option<i64> {
        if self.before.is_empty() && self.parked.is_empty() {
            return None;
        }
        let id = order.to_string();
        let before = self.before.get(&id).copied();
        before.or_else(|| Some(self.parked.get(&id)?.version))
    }

    /// Parks the order of an event, at `version` of its row.
    pub fn park_event<D>(&mut self, record: &Record<D>, version: i64, reason: String) {
        let id = record.event.envelope.subject.to_string();
        self.park(id, record.partition, version, reason);
        self.wait(record);
    }

    /// Puts an event of a parked order away.
    pub fn wait<D>(&mut self, record: &Record<D>) {
        let envelope = &record.event.envelope;
        self.waiting.push(Waiting {
            id: envelope.subject.to_string(),
            version: Some(envelope.sequence),
            record: record.raw(),
        });
    }

    /// Puts away what nobody can read, with all that is to come of `id`.
    pub fn park_record(&mut self, id: String, record: RawRecord, version: i64, reason: String) {
        self.park(id.clone(), record.partition, version, reason);
        self.waiting.push(Waiting {
            id,
            version: None,
            record,
        });
    }

    /// Parks, if that has not happened yet.
    fn park(&mut self, id: String, partition: i32, version: i64, reason: String) {
        if self.before.contains_key(&id) {
            return;
        }
        self.parked
            .entry(id.clone())
            .or_insert_with(|| NewlyParked {
                id,
                partition,
                version,
                reason,
            });
    }

    /// Says what was parked.
    pub fn report(&self, projection: &'static str) {
        for parked in self.parked.values() {
            let NewlyParked {
                id,
                partition,
                version,
                reason,
            } = parked;
            tracing::error!(
                projection,
                id,
                partition,
                version,
                reason,
                "projection.parked"
            );
        }
    }
}
