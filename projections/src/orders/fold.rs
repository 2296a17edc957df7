//! One event onto one order. Pure.

use super::{
    entry::entry,
    milestones::{Milestones, happened_at},
    movements::Movements,
    named::Named,
    parts::{Part, changed_by},
    shared::{Contribution, SharedChanges},
};
use crate::engine::Event;
use contracts::order::{self, Order, OrderEvent};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;
use uuid::Uuid;

/// State of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// The document.
    pub order: Order,
    /// Partition of its events.
    pub partition: i32,
    /// When it came to what states.
    pub milestones: Milestones,
    /// Parts whose stored rows may be other ones.
    pub changed: BTreeSet<Part>,
    /// Whose it was said to be since it was loaded.
    pub named: Named,
}

/// What a batch changes beside the orders themselves.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OrderChanges {
    /// History entries (JSON of [`TimelineEntry`]) by order and version.
    pub timeline: BTreeMap<(Uuid, i64), String>,
    /// What each event moved.
    pub movements: Movements,
    /// Differences of what orders share.
    pub shared: SharedChanges,
}

/// An event that does not make sense where it stands.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// It does not follow the document.
    #[error(transparent)]
    Order(#[from] order::FoldError),
    /// Envelope and data name different versions.
    #[error("event {sequence} says that it makes version {after}")]
    Version {
        /// `ce_sequence`.
        sequence: i64,
        /// `after.version`.
        after: i64,
    },
    /// The data is not JSON.
    #[error("the history entry cannot be made")]
    Entry(#[from] serde_json::Error),
    /// The data is no text.
    #[error("the history entry cannot be made")]
    Text(#[from] std::str::Utf8Error),
}

/// The order after its next event; its old contribution to the sums is
/// counted out, its new one in.
pub fn apply(
    row: Option<OrderRow>,
    event: &Event<OrderEvent>,
    changes: &mut OrderChanges,
) -> Result<OrderRow, FoldError> {
    let (envelope, fact) = (&event.envelope, &event.data.fact);
    let (sequence, after) = (envelope.sequence, event.data.after().version);
    if sequence != after {
        return Err(FoldError::Version { sequence, after });
    }
    let (at, parts) = (happened_at(fact, envelope.time), changed_by(fact));
    let counted = |row: &OrderRow| Contribution::around(row, parts);
    let was = row.as_ref().map(counted).unwrap_or_default();
    let row = next(row, event, at)?;
    let is = counted(&row);
    let id = (envelope.subject, sequence);
    changes.timeline.insert(id, entry(event)?);
    let moved = is.moved_from(&was, at);
    let (movements, shared) = (&mut changes.movements, &mut changes.shared);
    movements.record(id, (at, row.partition), moved, &mut shared.statistics);
    shared.replace(row.partition, was, is);
    Ok(row)
}

/// The row alone.
fn next(
    row: Option<OrderRow>,
    event: &Event<OrderEvent>,
    at: OffsetDateTime,
) -> Result<OrderRow, order::FoldError> {
    let (order, milestones, mut changed, mut named) = match row {
        Some(row) => (Some(row.order), row.milestones, row.changed, row.named),
        None => (
            None,
            Milestones::default(),
            BTreeSet::new(),
            Named::default(),
        ),
    };
    let parts = changed_by(&event.data.fact);
    changed.extend(parts);
    let lines = order.as_ref().map_or(0, |order| order.lines.len());
    let order = order::apply(order, &event.envelope, event.data.clone())?;
    if order.lines.len() < lines {
        changed.insert(Part::FewerLines);
    }
    if parts.contains(&Part::Customer) {
        named.note(&order);
    }
    Ok(OrderRow {
        milestones: milestones.reached(&order, at),
        order,
        partition: event.envelope.position.partition,
        changed,
        named,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::random::happened;
    use contracts::order::{DraftCreated, DraftUpdated, Fact, OrderedLine, Snapshot, UnitPrice};

    fn snapshot(lines: usize) -> Snapshot {
        let line = |n| OrderedLine {
            id: format!("l{n}"),
            sku: "LAMP".into(),
            name: "A lamp".into(),
            quantity: 1,
            unit_price: UnitPrice::Minor(100),
            amount: 100,
            discount: 0,
            tax: 0,
        };
        Snapshot {
            order_id: Uuid::from_u128(1),
            number: "1001".into(),
            platform: "web".into(),
            external_id: None,
            currency: "GBP".into(),
            prices_include_tax: false,
            customer_id: None,
            country: "GB".into(),
            shipping_country: None,
            billing_country: None,
            lines: (1..=lines).map(line).collect(),
            shipping: None,
            tags: Vec::new(),
        }
    }

    /// Whether the table of lines may have more of them than an order that had so many,
    /// one after the other.
    fn leaves_lines_behind(counts: &[usize]) -> bool {
        let (mut order, mut row) = (None, None);
        for lines in counts {
            let (snapshot, personal) = (snapshot(*lines), None);
            let fact: Fact = match order {
                None => DraftCreated {
                    order: snapshot,
                    personal,
                }
                .into(),
                Some(_) => DraftUpdated {
                    order: snapshot,
                    personal,
                }
                .into(),
            };
            let (then, event) = happened(order, Uuid::from_u128(1), fact);
            let changes = &mut OrderChanges::default();
            row = Some(apply(row, &event, changes).expect("the next event"));
            order = Some(then);
        }
        row.is_some_and(|row| row.changed.contains(&Part::FewerLines))
    }

    #[test]
    fn lines_are_taken_away_only_where_there_were_more() {
        for (counts, expected) in [
            (&[3][..], false),
            (&[1, 1][..], false),
            (&[1, 3][..], false),
            (&[3, 1][..], true),
            (&[3, 1, 3][..], true),
        ] {
            assert_eq!(leaves_lines_behind(counts), expected, "{counts:?}");
        }
    }
}
