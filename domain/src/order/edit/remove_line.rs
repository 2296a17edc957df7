//! Removing a line from a placed order.

use crate::order::{
    command::RemoveLine,
    event::OrderEvent,
    personal,
    placement::checked,
    pricing,
    rejection::Rejection,
    state::{LineState, Order},
};
use contracts::order::LineRemoved;

/// Not once any of it is fulfilled, and not the last one: an order without
/// lines is a cancelled order.
pub fn decide(order: &Order, command: RemoveLine) -> Result<Vec<OrderEvent>, Rejection> {
    order.live_sale()?;
    let state = order.line(&command.line, None)?;
    if state.fulfilled > 0 {
        let fulfilled = state.fulfilled;
        return Err(Rejection::LineFulfilled { fulfilled });
    }
    order.editable()?;
    let id = state.line.id.clone();
    let others = order.lines.iter().filter(|l| l.line.id != id);
    let others: Vec<LineState> = others.cloned().collect();
    if others.iter().all(|l| l.live() == 0) {
        return Err(Rejection::LastLine);
    }
    let removed = LineRemoved {
        discounts: pricing::discounts(&others, &order.discounts)?,
        line: id,
        personal: personal::reason(command.reason),
    };
    checked(order, vec![removed.into()])
}
