//! An append that waits, and several of them as the columns of one INSERT.

use crate::event_store::{NewEvent, Stamp};
use std::collections::HashMap;
use uuid::Uuid;

/// One command's events on their way into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    pub aggregate_type: &'static str,
    pub aggregate_id: String,
    /// Position of the event that these follow; none for the first ones.
    pub follows: Option<i64>,
    pub rows: Vec<Row>,
}

/// One event as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub sequence: i64,
    pub event_type: String,
    pub event_version: String,
    pub payload: String,
    pub metadata: String,
    /// On the command's first event: by it the command is found again.
    pub command_id: Option<Uuid>,
}

/// Which event: id of its aggregate, sequence. Ids of aggregates are unique
/// over their types.
pub type Place = (String, i64);

impl Append {
    pub fn new(
        aggregate_type: &'static str,
        aggregate_id: &str,
        follows: Option<i64>,
        events: &[NewEvent],
    ) -> Result<Self, serde_json::Error> {
        let row = |event: &NewEvent| {
            Ok(Row {
                sequence: event.sequence,
                event_type: event.event_type.clone(),
                event_version: event.event_version.clone(),
                payload: event.payload.clone(),
                metadata: serde_json::to_string(&event.metadata)?,
                command_id: event.metadata.command_id,
            })
        };
        Ok(Self {
            aggregate_type,
            aggregate_id: aggregate_id.to_owned(),
            follows,
            rows: events.iter().map(row).collect::<Result<_, _>>()?,
        })
    }

    /// Bytes that it takes, about.
    pub fn size(&self) -> usize {
        let row = |row: &Row| row.payload.len() + row.metadata.len() + 128;
        self.rows.iter().map(row).sum()
    }

    /// Its first sequence.
    pub fn first(&self) -> i64 {
        self.rows.first().map_or(0, |row| row.sequence)
    }

    /// Its last sequence.
    pub fn last(&self) -> i64 {
        self.rows.last().map_or(0, |row| row.sequence)
    }

    /// The command's id.
    pub fn command_id(&self) -> Option<Uuid> {
        self.rows.first()?.command_id
    }

    /// Its stamps among those of a batch; none where one of them is missing.
    pub fn stamps(&self, all: &HashMap<Place, Stamp>) -> Option<Vec<Stamp>> {
        let mut place = (self.aggregate_id.clone(), 0);
        let stamp = |row: &Row| {
            place.1 = row.sequence;
            all.get(&place).copied()
        };
        self.rows.iter().map(stamp).collect()
    }
}

/// The columns of an INSERT, row by row in the order of (aggregate id,
/// sequence): two writers that meet on the same streams lock them in the same
/// order, and identities follow sequences.
#[derive(Debug, Default)]
pub struct Columns<'a> {
    pub aggregate_types: Vec<&'a str>,
    pub aggregate_ids: Vec<&'a str>,
    pub sequences: Vec<i64>,
    pub event_types: Vec<&'a str>,
    pub event_versions: Vec<&'a str>,
    pub payloads: Vec<&'a str>,
    pub metadata: Vec<&'a str>,
    /// First sequence of the row's command.
    pub firsts: Vec<i64>,
    /// Position of the event that the row's command follows.
    pub follows: Vec<Option<i64>>,
}

impl<'a> Columns<'a> {
    pub fn of(appends: impl IntoIterator<Item = &'a Append>) -> Self {
        let mut appends: Vec<&Append> = appends.into_iter().collect();
        appends.sort_unstable_by_key(|append| (&append.aggregate_id, append.first()));
        let mut columns = Self::default();
        for append in appends {
            for row in &append.rows {
                columns.aggregate_types.push(append.aggregate_type);
                columns.aggregate_ids.push(&append.aggregate_id);
                columns.sequences.push(row.sequence);
                columns.event_types.push(&row.event_type);
                columns.event_versions.push(&row.event_version);
                columns.payloads.push(&row.payload);
                columns.metadata.push(&row.metadata);
                columns.firsts.push(append.first());
                columns.follows.push(append.follows);
            }
        }
        columns
    }
}
