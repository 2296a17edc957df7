//! Importing an order that was placed elsewhere.

use super::import_history::happened;
use crate::order::{
    command::ImportOrder,
    event::OrderEvent,
    placement::{checked, content},
    rejection::Rejection,
    state::{Head, Order, evolve},
};
use contracts::{
    order::{Kind, OrderImported},
    personal::MEMBER,
};
use serde_json::Value;

/// Importing an order again with equal content stores nothing.
pub fn decide(order: &Order, command: ImportOrder) -> Result<Vec<OrderEvent>, Rejection> {
    let lines = &command.order.lines;
    let adds_something = lines.iter().any(|line| line.quantity > 0);
    if command.kind == Kind::Order && !lines.is_empty() && !adds_something {
        return Err(Rejection::NoPositiveQuantity);
    }
    match &order.head {
        None => imported(command),
        Some(head) if order.import.is_empty() => Err(Rejection::ExternalIdTaken {
            order_id: head.order_id,
        }),
        Some(head) => again(order, head, command),
    }
}

fn imported(command: ImportOrder) -> Result<Vec<OrderEvent>, Rejection> {
    let (snapshot, personal) = content(command.order, command.kind)?;
    let mut import = OrderImported {
        order: snapshot,
        kind: command.kind,
        placed_at: command.placed_at,
        history: 0,
        personal,
    };
    let order = evolve(Order::default(), &import.clone().into());
    let history = happened(order, command.history)?;
    import.history = u32::try_from(history.len()).unwrap_or(u32::MAX);
    let mut events = vec![import.into()];
    events.extend(history);
    checked(&Order::default(), events)
}

/// Another import of the order: equal but for the number, which each attempt
/// takes anew, and for what the channel's prices contain, which is not told by
/// the import and may be set otherwise meanwhile.
fn again(
    order: &Order,
    head: &Head,
    mut command: ImportOrder,
) -> Result<Vec<OrderEvent>, Rejection> {
    command.order.number.clone_from(&head.number);
    command.order.prices_include_tax = head.prices_include_tax;
    let events = imported(command)?;
    if same(&order.import, &events) {
        Ok(Vec::new())
    } else {
        Err(Rejection::ImportDiffers {
            order_id: head.order_id,
        })
    }
}

/// What was erased cannot be compared, so it is left out on both sides.
fn same(stored: &[OrderEvent], again: &[OrderEvent]) -> bool {
    if stored == again {
        return true;
    }
    stored.len() == again.len()
        && stored
            .iter()
            .zip(again)
            .all(|(stored, again)| same_but_erased(stored, again))
}

fn same_but_erased(stored: &OrderEvent, again: &OrderEvent) -> bool {
    let (Ok(mut stored), Ok(mut again)) =
        (serde_json::to_value(stored), serde_json::to_value(again))
    else {
        return false;
    };
    if is_erased(&mut stored) {
        for event in [&mut stored, &mut again] {
            fields(event).map(|fields| fields.remove(MEMBER));
        }
    }
    stored == again
}

fn fields(event: &mut Value) -> Option<&mut serde_json::Map<String, Value>> {
    event.as_object_mut()?.values_mut().next()?.as_object_mut()
}

fn is_erased(event: &mut Value) -> bool {
    let personal = fields(event).and_then(|fields| fields.get(MEMBER));
    personal.is_some_and(|p| p.get("erased").is_some())
}
