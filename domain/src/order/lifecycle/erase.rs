//! Recording that personal data was erased.

use crate::order::{command::RecordErasure, event::OrderEvent, rejection::Rejection, state::Order};
use contracts::order::PersonalDataErased;

/// Of any order, whatever became of it, and as often as it happens. The data is
/// gone with its key; this is who asked, and what copies are rewritten by.
pub fn decide(order: &Order, command: RecordErasure) -> Result<Vec<OrderEvent>, Rejection> {
    order.head()?;
    let erased = PersonalDataErased {
        erasure_id: command.erasure_id,
        subjects: command.subjects,
        requested_by: command.requested_by.into(),
        reference: command.reference.map(Into::into),
    };
    Ok(vec![erased.into()])
}
