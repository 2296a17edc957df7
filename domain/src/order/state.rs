//! The order's state, folded from its events.

use super::event::{Line, OrderEvent, Placement, Shipping};
use crate::money::Currency;
use contracts::order::Kind;
use serde::{Deserialize, Serialize};

/// What the decisions need to know of an order. The default is an order that
/// does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Order {
    /// The order as it was placed; none before that.
    pub placed: Option<Placed>,
    /// Called off as a whole.
    pub cancelled: bool,
    /// How many notes it has.
    pub notes: u32,
}

/// An order that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Sale, credit or adjustment.
    pub kind: Kind,
    /// Currency of all amounts.
    pub currency: Currency,
    /// Lines with their counters.
    pub lines: Vec<LineState>,
    /// Shipping choice.
    pub shipping: Option<Shipping>,
    /// Whether it was imported.
    pub imported: bool,
    /// The placement as it was recorded: compared
    /// when the same order is imported again.
    pub origin: Box<Placement>,
}

/// A line and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineState {
    /// As ordered.
    pub line: Line,
    /// Of its quantity, how many were called off.
    pub cancelled: i64,
}

/// The state after one more event.
#[must_use]
pub fn evolve(mut order: Order, event: &OrderEvent) -> Order {
    match event {
        OrderEvent::OrderPlaced(placement) => order.placed = Some(placed(placement, false)),
        OrderEvent::OrderImported(placement) => order.placed = Some(placed(placement, true)),
        OrderEvent::OrderCancelled { .. } => {
            order.cancelled = true;
            for line in order.placed.iter_mut().flat_map(|p| &mut p.lines) {
                line.cancelled = line.line.quantity;
            }
        }
        OrderEvent::NoteAdded { .. } => order.notes += 1,
    }
    order
}

fn placed(placement: &Placement, imported: bool) -> Placed {
    let lines = placement.lines.iter().map(|line| LineState {
        line: line.clone(),
        cancelled: 0,
    });
    Placed {
        kind: placement.kind,
        currency: placement.currency,
        lines: lines.collect(),
        shipping: placement.shipping.clone(),
        imported,
        origin: Box::new(placement.clone()),
    }
}
