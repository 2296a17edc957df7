//! Writing a note on an order.

use super::{command::AddNote, event::OrderEvent, rejection::Rejection, state::Order};

/// Any order takes notes, whatever became of it.
pub fn decide(order: &Order, command: AddNote) -> Result<Vec<OrderEvent>, Rejection> {
    order.placed.as_ref().ok_or(Rejection::OrderNotFound)?;
    Ok(vec![OrderEvent::NoteAdded {
        id: format!("n{}", order.notes + 1),
        text: command.text.into(),
    }])
}
