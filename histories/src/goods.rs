//! Steps with goods.

use super::steps::{Step, live, next_id};
use contracts::order::{
    Fact, Fulfillment, FulfillmentCancelled, FulfillmentCreated, FulfillmentDelivered,
    FulfillmentShipped, FulfillmentState, LineQuantity, Order, ReceivedLine, Return,
    ReturnApproved, ReturnClosed, ReturnDeclined, ReturnExchanged, ReturnReceived, ReturnRequested,
    ReturnState, Tracking, TrackingUpdated,
};
use uuid::Uuid;

fn quantity(line: &str, quantity: i64) -> LineQuantity {
    LineQuantity {
        line: line.to_owned(),
        quantity,
    }
}

pub fn pack(step: Step, order: &Order) -> Option<Fact> {
    live(order)?;
    let lines = order.lines.iter().filter_map(|line| {
        let open = line.quantity - line.cancelled_quantity - line.fulfilled_quantity;
        Some(quantity(&line.id, step.some_of(open)?))
    });
    let event = FulfillmentCreated {
        fulfillment_id: next_id("f", order.fulfillments.len()),
        lines: vec![step.one_of(lines)?],
    };
    Some(event.into())
}

fn in_state(step: Step, order: &Order, state: FulfillmentState) -> Option<&Fulfillment> {
    step.one_of(order.fulfillments.iter().filter(|f| f.status == state))
}

fn tracking(step: Step) -> Tracking {
    Tracking {
        carrier: Some("Post".into()),
        tracking_number: Some(format!("T{}", step.choice)),
        tracking_url: None,
    }
}

pub fn send(step: Step, order: &Order) -> Option<Fact> {
    let event = FulfillmentShipped {
        fulfillment_id: in_state(step, order, FulfillmentState::Open)?.id.clone(),
        tracking: tracking(step),
        forced: false,
        occurred_at: None,
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn track(step: Step, order: &Order) -> Option<Fact> {
    let event = TrackingUpdated {
        fulfillment_id: in_state(step, order, FulfillmentState::Shipped)?.id.clone(),
        tracking: tracking(step),
    };
    Some(event.into())
}

pub fn deliver(step: Step, order: &Order) -> Option<Fact> {
    let event = FulfillmentDelivered {
        fulfillment_id: in_state(step, order, FulfillmentState::Shipped)?.id.clone(),
        occurred_at: None,
    };
    Some(event.into())
}

pub fn unpack(step: Step, order: &Order) -> Option<Fact> {
    let event = FulfillmentCancelled {
        fulfillment_id: in_state(step, order, FulfillmentState::Open)?.id.clone(),
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn ask(step: Step, order: &Order) -> Option<Fact> {
    let lines = order.lines.iter().filter_map(|line| {
        let left = line.shipped_quantity - line.return_requested_quantity;
        Some(quantity(&line.id, step.some_of(left)?))
    });
    let event = ReturnRequested {
        return_id: next_id("r", order.returns.len()),
        lines: vec![step.one_of(lines)?],
        occurred_at: None,
        personal: None,
    };
    Some(event.into())
}

fn asked(step: Step, order: &Order, states: &[ReturnState]) -> Option<String> {
    let returns = order.returns.iter();
    let found = step.one_of(returns.filter(|r| states.contains(&r.status)))?;
    Some(found.id.clone())
}

pub fn approve(step: Step, order: &Order) -> Option<Fact> {
    let event = ReturnApproved {
        return_id: asked(step, order, &[ReturnState::Requested])?,
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn decline(step: Step, order: &Order) -> Option<Fact> {
    let event = ReturnDeclined {
        return_id: asked(step, order, &[ReturnState::Requested])?,
        personal: step.reason(),
    };
    Some(event.into())
}

pub fn receive(step: Step, order: &Order) -> Option<Fact> {
    let expected = |r: &&Return| matches!(r.status, ReturnState::Approved | ReturnState::Received);
    let returned = step.one_of(order.returns.iter().filter(expected))?;
    let lines = returned.lines.iter().filter_map(|line| {
        Some(ReceivedLine {
            received: quantity(&line.line, step.some_of(line.quantity - line.received)?),
            resellable: step.choice.is_multiple_of(2),
        })
    });
    let event = ReturnReceived {
        return_id: returned.id.clone(),
        lines: vec![step.one_of(lines)?],
    };
    Some(event.into())
}

pub fn exchange(step: Step, order: &Order) -> Option<Fact> {
    let event = ReturnExchanged {
        return_id: asked(step, order, &[ReturnState::Received])?,
        exchange_order_id: Uuid::from_u128(u128::from(step.choice)),
    };
    Some(event.into())
}

pub fn close(step: Step, order: &Order) -> Option<Fact> {
    let event = ReturnClosed {
        return_id: asked(step, order, &[ReturnState::Received, ReturnState::Refunded])?,
        personal: step.reason(),
    };
    Some(event.into())
}
