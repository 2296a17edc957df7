//! Goods out and goods back, onto the state.

use super::{Delivery, LineState, Order, ReturnState, ReturnedLine};
use crate::order::event::OrderEvent;
use contracts::order::{
    FulfillmentState, LineQuantity, ReturnReceived, ReturnRequested, ReturnState as Step,
};
use std::collections::HashMap;

pub fn apply(order: &mut Order, event: &OrderEvent) {
    match event {
        OrderEvent::FulfillmentCreated(e) => {
            order.counters.fulfillments += 1;
            count(&mut order.lines, &e.lines, |l, q| l.fulfilled += q);
            order.fulfillments.push(Delivery {
                id: e.fulfillment_id.clone(),
                lines: e.lines.clone(),
                state: FulfillmentState::Open,
            });
        }
        OrderEvent::FulfillmentShipped(e) => {
            let shipped = FulfillmentState::Shipped;
            move_on(order, &e.fulfillment_id, shipped, |l, q| l.shipped += q);
        }
        OrderEvent::FulfillmentDelivered(e) => {
            let delivered = FulfillmentState::Delivered;
            move_on(order, &e.fulfillment_id, delivered, |l, q| l.delivered += q);
        }
        OrderEvent::FulfillmentCancelled(e) => {
            let cancelled = FulfillmentState::Cancelled;
            move_on(order, &e.fulfillment_id, cancelled, |l, q| l.fulfilled -= q);
        }
        OrderEvent::ReturnRequested(e) => requested(order, e),
        OrderEvent::ReturnApproved(e) => step(order, &e.return_id, Step::Approved),
        OrderEvent::ReturnDeclined(e) => end(order, &e.return_id, Step::Declined),
        OrderEvent::ReturnReceived(e) => received(order, e),
        OrderEvent::ReturnExchanged(e) => {
            if let Some(returned) = returned(order, &e.return_id) {
                returned.exchange = Some(e.exchange_order_id);
            }
        }
        OrderEvent::ReturnClosed(e) => end(order, &e.return_id, Step::Closed),
        OrderEvent::ReturnCancelled(e) => end(order, &e.return_id, Step::Cancelled),
        _ => {}
    }
}

/// Adds to a counter of these lines, in time linear in both.
fn count<'a>(
    lines: &mut [LineState],
    counted: impl IntoIterator<Item = &'a LineQuantity>,
    add: fn(&mut LineState, i64),
) {
    let counted = counted.into_iter().map(|c| (c.line.as_str(), c.quantity));
    let counted: HashMap<&str, i64> = counted.collect();
    for state in lines {
        if let Some(quantity) = counted.get(state.line.id.as_str()) {
            add(state, *quantity);
        }
    }
}

fn move_on(order: &mut Order, id: &str, to: FulfillmentState, add: fn(&mut LineState, i64)) {
    if let Some(fulfillment) = order.fulfillments.iter_mut().find(|f| f.id == id) {
        fulfillment.state = to;
        count(&mut order.lines, &fulfillment.lines, add);
    }
}

fn returned<'a>(order: &'a mut Order, id: &str) -> Option<&'a mut ReturnState> {
    order.returns.iter_mut().find(|r| r.id == id)
}

fn requested(order: &mut Order, event: &ReturnRequested) {
    order.counters.returns += 1;
    count(&mut order.lines, &event.lines, |l, q| {
        l.return_requested += q;
    });
    let lines = event.lines.iter().map(|asked| ReturnedLine {
        line: asked.line.clone(),
        quantity: asked.quantity,
        received: 0,
    });
    order.returns.push(ReturnState {
        id: event.return_id.clone(),
        lines: lines.collect(),
        state: Step::Requested,
        exchange: None,
    });
}

fn step(order: &mut Order, id: &str, to: Step) {
    if let Some(returned) = returned(order, id) {
        returned.state = to;
    }
}

/// What has not come back can be returned otherwise.
fn end(order: &mut Order, id: &str, to: Step) {
    let Some(returned) = returned(order, id) else {
        return;
    };
    returned.state = to;
    let outstanding = returned.lines.iter().map(|line| LineQuantity {
        line: line.line.clone(),
        quantity: line.quantity - line.received,
    });
    let outstanding: Vec<LineQuantity> = outstanding.collect();
    count(&mut order.lines, &outstanding, |l, q| {
        l.return_requested -= q;
    });
}

fn received(order: &mut Order, event: &ReturnReceived) {
    let Some(returned) = returned(order, &event.return_id) else {
        return;
    };
    returned.state = Step::Received;
    let arrived = event.lines.iter().map(|line| &line.received);
    let arrived: HashMap<&str, i64> = arrived.map(|a| (a.line.as_str(), a.quantity)).collect();
    for line in &mut returned.lines {
        line.received += arrived.get(line.line.as_str()).copied().unwrap_or(0);
    }
    let arrived = event.lines.iter().map(|line| &line.received);
    count(&mut order.lines, arrived, |l, q| l.returned += q);
}
