//! Beginning to put an order together.

use crate::order::{
    command::CreateDraft,
    event::OrderEvent,
    placement::{checked, draft_content},
    rejection::Rejection,
    state::Order,
};
use contracts::order::DraftCreated;

/// A draft may have no lines yet; what it has is checked as on an order.
pub fn decide(order: &Order, command: CreateDraft) -> Result<Vec<OrderEvent>, Rejection> {
    if let Some(head) = &order.head {
        let order_id = head.order_id;
        return Err(Rejection::ExternalIdTaken { order_id });
    }
    let (snapshot, personal) = draft_content(command.0)?;
    let created = DraftCreated {
        order: snapshot,
        personal,
    };
    checked(order, vec![created.into()])
}
