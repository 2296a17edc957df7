//! Writing a note on an order.

use crate::order::{command::AddNote, event::OrderEvent, rejection::Rejection, state::Order};
use contracts::{
    order::{NoteAdded, NoteText},
    personal::Personal,
};

/// Any order takes notes, whatever became of it.
pub fn decide(order: &Order, command: AddNote) -> Result<Vec<OrderEvent>, Rejection> {
    order.head()?;
    let text = command.text.into();
    let added = NoteAdded {
        note_id: format!("n{}", order.counters.notes + 1),
        personal: Personal::Open(NoteText { text }),
    };
    Ok(vec![added.into()])
}
