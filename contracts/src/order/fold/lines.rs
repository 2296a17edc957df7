//! Lines and what is charged for them.

use super::{Missing, part, whole};
use crate::{
    cloudevents::CloudEvent,
    order::{
        document::{Cancellation, Line, Order},
        event::{
            CancelledLine, LineAdded, LineQuantityChanged, LineRemoved, LinesCancelled,
            OrderCancelled,
        },
        parts::Discount,
    },
};
use std::collections::HashMap;

pub fn add(order: &mut Order, event: LineAdded) {
    order.lines.push(whole::line(event.line));
    discounts(order, event.discounts);
}

pub fn change(order: &mut Order, event: LineQuantityChanged) -> Result<(), Missing> {
    let line = part(&mut order.lines, &event.line, |l| &l.id)?;
    line.quantity = event.quantity;
    line.amount = event.amount;
    line.discount = event.discount;
    line.tax = event.tax;
    discounts(order, event.discounts);
    Ok(())
}

pub fn remove(order: &mut Order, event: LineRemoved) {
    order.lines.retain(|line| line.id != event.line);
    discounts(order, event.discounts);
}

/// The discounts as they stand now, and each line's share of them.
pub fn discounts(order: &mut Order, discounts: Vec<Discount>) {
    let mut shares: HashMap<&str, i64> = HashMap::new();
    for share in discounts.iter().flat_map(|d| &d.allocations) {
        *shares.entry(&share.line).or_default() += share.amount;
    }
    for line in &mut order.lines {
        line.allocated_discount = shares.get(line.id.as_str()).copied().unwrap_or(0);
    }
    order.discounts = discounts;
}

pub fn cancel(order: &mut Order, event: LinesCancelled) -> Result<(), Missing> {
    let rests = event.lines.iter();
    let mut rests: HashMap<&str, &CancelledLine> = rests
        .map(|rest| (rest.cancelled.line.as_str(), rest))
        .collect();
    for line in &mut order.lines {
        if let Some(rest) = rests.remove(line.id.as_str()) {
            line.cancelled_quantity += rest.cancelled.quantity;
            line.amount = rest.amount;
            line.discount = rest.discount;
            line.tax = rest.tax;
        }
    }
    if let Some(line) = rests.into_keys().next() {
        return Err(Missing(line.to_owned()));
    }
    discounts(order, event.discounts);
    Ok(())
}

pub fn cancel_all(order: &mut Order, event: OrderCancelled, envelope: &CloudEvent) {
    for line in &mut order.lines {
        call_off(line);
    }
    for discount in &mut order.discounts {
        discount.amount = 0;
        discount.allocations.clear();
    }
    order.cancellation = Some(Cancellation {
        reason: event.personal.and_then(|p| p.readable().reason),
        settlement: event.settlement,
        at: event.occurred_at.unwrap_or(envelope.time),
    });
}

fn call_off(line: &mut Line) {
    line.cancelled_quantity = line.quantity;
    line.amount = 0;
    line.discount = 0;
    line.allocated_discount = 0;
    line.tax = 0;
}
