//! Goods out and goods back.

use super::{Missing, part};
use crate::{
    cloudevents::CloudEvent,
    order::{
        document::{Fulfillment, Line, Order, Return, ReturnLine},
        event::{
            FulfillmentCreated, FulfillmentDelivered, FulfillmentShipped, ReceivedLine,
            ReturnExchanged, ReturnReceived, ReturnRequested, TrackingUpdated,
        },
        parts::{LineQuantity, Tracking},
        status::{FulfillmentState, ReturnState},
    },
    personal::Personal,
};
use std::collections::HashMap;

/// Adds to a counter of each of these lines, in time linear in both.
fn count<'a>(
    order: &mut Order,
    counted: impl IntoIterator<Item = &'a LineQuantity>,
    add: fn(&mut Line, i64),
) -> Result<(), Missing> {
    let counted = counted.into_iter().map(|c| (c.line.as_str(), c.quantity));
    let mut counted: HashMap<&str, i64> = counted.collect();
    for line in &mut order.lines {
        if let Some(quantity) = counted.remove(line.id.as_str()) {
            add(line, quantity);
        }
    }
    let missing = counted.into_keys().next();
    missing.map_or(Ok(()), |line| Err(Missing(line.to_owned())))
}

pub fn packed(
    order: &mut Order,
    event: FulfillmentCreated,
    envelope: &CloudEvent,
) -> Result<(), Missing> {
    count(order, &event.lines, |l, q| l.fulfilled_quantity += q)?;
    order.fulfillments.push(Fulfillment {
        id: event.fulfillment_id,
        status: FulfillmentState::Open,
        lines: event.lines,
        tracking: Tracking::default(),
        created_at: envelope.time,
        shipped_at: None,
        delivered_at: None,
        cancelled_at: None,
    });
    Ok(())
}

fn fulfillment<'a>(order: &'a mut Order, id: &str) -> Result<&'a mut Fulfillment, Missing> {
    part(&mut order.fulfillments, id, |f| &f.id)
}

pub fn shipped(
    order: &mut Order,
    event: FulfillmentShipped,
    envelope: &CloudEvent,
) -> Result<(), Missing> {
    let fulfillment = fulfillment(order, &event.fulfillment_id)?;
    fulfillment.status = FulfillmentState::Shipped;
    fulfillment.tracking = event.tracking;
    fulfillment.shipped_at = Some(event.occurred_at.unwrap_or(envelope.time));
    let lines = fulfillment.lines.clone();
    count(order, &lines, |l, q| l.shipped_quantity += q)
}

pub fn tracked(order: &mut Order, event: TrackingUpdated) -> Result<(), Missing> {
    fulfillment(order, &event.fulfillment_id)?.tracking = event.tracking;
    Ok(())
}

pub fn delivered(
    order: &mut Order,
    event: &FulfillmentDelivered,
    envelope: &CloudEvent,
) -> Result<(), Missing> {
    let fulfillment = fulfillment(order, &event.fulfillment_id)?;
    fulfillment.status = FulfillmentState::Delivered;
    fulfillment.delivered_at = Some(event.occurred_at.unwrap_or(envelope.time));
    let lines = fulfillment.lines.clone();
    count(order, &lines, |l, q| l.delivered_quantity += q)
}

pub fn unpacked(order: &mut Order, id: &str, envelope: &CloudEvent) -> Result<(), Missing> {
    let fulfillment = fulfillment(order, id)?;
    fulfillment.status = FulfillmentState::Cancelled;
    fulfillment.cancelled_at = Some(envelope.time);
    let lines = fulfillment.lines.clone();
    count(order, &lines, |l, q| l.fulfilled_quantity -= q)
}

pub fn return_requested(
    order: &mut Order,
    event: ReturnRequested,
    envelope: &CloudEvent,
) -> Result<(), Missing> {
    count(order, &event.lines, |l, q| l.return_requested_quantity += q)?;
    let mut reasons = event.personal.map(Personal::readable).unwrap_or_default();
    let lines = event.lines.into_iter().map(|asked| ReturnLine {
        reason: reasons.lines.remove(&asked.line),
        line: asked.line,
        quantity: asked.quantity,
        received: 0,
        resellable: 0,
    });
    order.returns.push(Return {
        id: event.return_id,
        status: ReturnState::Requested,
        lines: lines.collect(),
        reason: reasons.reason,
        refunded: 0,
        credited: 0,
        exchange_order_id: None,
        requested_at: event.occurred_at.unwrap_or(envelope.time),
    });
    Ok(())
}

fn returned<'a>(order: &'a mut Order, id: &str) -> Result<&'a mut Return, Missing> {
    part(&mut order.returns, id, |r| &r.id)
}

pub fn return_approved(order: &mut Order, id: &str) -> Result<(), Missing> {
    returned(order, id)?.status = ReturnState::Approved;
    Ok(())
}

pub fn return_declined(order: &mut Order, id: &str) -> Result<(), Missing> {
    ended(order, id, ReturnState::Declined)
}

pub fn return_cancelled(order: &mut Order, id: &str) -> Result<(), Missing> {
    ended(order, id, ReturnState::Cancelled)
}

pub fn return_closed(order: &mut Order, id: &str) -> Result<(), Missing> {
    ended(order, id, ReturnState::Closed)
}

/// What has not come back can be returned otherwise.
fn ended(order: &mut Order, id: &str, status: ReturnState) -> Result<(), Missing> {
    let returned = returned(order, id)?;
    returned.status = status;
    let outstanding = returned.lines.iter().map(|line| LineQuantity {
        line: line.line.clone(),
        quantity: line.quantity - line.received,
    });
    let outstanding: Vec<LineQuantity> = outstanding.collect();
    count(order, &outstanding, |l, q| l.return_requested_quantity -= q)
}

pub fn return_received(order: &mut Order, event: &ReturnReceived) -> Result<(), Missing> {
    let returned = returned(order, &event.return_id)?;
    returned.status = ReturnState::Received;
    let arrived = event.lines.iter();
    let mut arrived: HashMap<&str, &ReceivedLine> = arrived
        .map(|line| (line.received.line.as_str(), line))
        .collect();
    for line in &mut returned.lines {
        if let Some(arrived) = arrived.remove(line.line.as_str()) {
            let quantity = arrived.received.quantity;
            line.received += quantity;
            line.resellable += if arrived.resellable { quantity } else { 0 };
        }
    }
    if let Some(line) = arrived.into_keys().next() {
        return Err(Missing(line.to_owned()));
    }
    let arrived = event.lines.iter().map(|line| &line.received);
    count(order, arrived, |l, q| l.returned_quantity += q)
}

pub fn return_exchanged(order: &mut Order, event: &ReturnExchanged) -> Result<(), Missing> {
    let exchange = Some(event.exchange_order_id);
    returned(order, &event.return_id)?.exchange_order_id = exchange;
    Ok(())
}
