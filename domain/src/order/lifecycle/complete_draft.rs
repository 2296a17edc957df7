//! Placing a draft.

use crate::order::{
    command::CompleteDraft,
    event::OrderEvent,
    placement::checked,
    rejection::Rejection,
    state::{Order, Stage},
};
use contracts::order::OrderPlaced;

/// The draft's content becomes binding as it is; it needs a line.
pub fn decide(order: &Order, command: &CompleteDraft) -> Result<Vec<OrderEvent>, Rejection> {
    order.head()?;
    if order.stage == Stage::Cancelled {
        return Err(Rejection::OrderIsCancelled);
    }
    let draft = order.draft.as_ref().ok_or(Rejection::OrderNotDraft)?;
    if draft.snapshot.lines.is_empty() {
        return Err(Rejection::NoLines);
    }
    let placed = OrderPlaced {
        order: draft.snapshot.clone(),
        placed_at: command.placed_at,
        exchange_of: None,
        personal: draft.personal.clone(),
    };
    checked(order, vec![placed.into()])
}
