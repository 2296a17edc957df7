//! Lifting a hold, or all of them.

use crate::order::{
    command::ReleaseHold,
    event::OrderEvent,
    personal,
    rejection::{Part, Rejection},
    state::Order,
};
use contracts::order::HoldReleased;

/// By id or handle; without either, all. A hold that was lifted already
/// changes nothing.
pub fn decide(order: &Order, command: &ReleaseHold) -> Result<Vec<OrderEvent>, Rejection> {
    order.head()?;
    let named = command.hold.as_deref();
    if let Some(hold) = named
        && !is_on(order, hold)
    {
        return if was_on(order, hold) {
            Ok(Vec::new())
        } else {
            let pointer = Some("/hold_id".to_owned());
            Err(Rejection::no_such(Part::Hold, hold, pointer))
        };
    }
    let lifted = order.holds.iter().filter(|hold| {
        named.is_none_or(|name| hold.id == name || hold.handle.as_deref() == Some(name))
    });
    let released = lifted.map(|hold| HoldReleased {
        hold_id: hold.id.clone(),
        personal: personal::reason(command.reason.clone()),
    });
    Ok(released.map(OrderEvent::from).collect())
}

fn is_on(order: &Order, hold: &str) -> bool {
    let mut holds = order.holds.iter();
    holds.any(|h| h.id == hold || h.handle.as_deref() == Some(hold))
}

/// Ids count up, so every id up to the newest was on once.
fn was_on(order: &Order, hold: &str) -> bool {
    let number = hold.strip_prefix('h').and_then(|n| n.parse::<u32>().ok());
    number.is_some_and(|n| (1..=order.counters.holds).contains(&n))
}
