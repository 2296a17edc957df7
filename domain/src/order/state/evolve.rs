//! One event onto the state. Total: whatever is stored was decided once.

use super::{DraftContent, Head, Holding, LineState, Order, Stage, fold_goods, fold_money};
use crate::{
    money::Currency,
    order::{event::OrderEvent, pricing},
};
use contracts::{
    order::{
        AddressChanged, AddressKind, CancelledLine, Discount, Kind, LineQuantityChanged,
        LinesCancelled, OrderPersonal, Snapshot,
    },
    personal::Personal,
};
use std::collections::HashMap;

/// The state after one more event.
#[must_use]
pub fn evolve(mut order: Order, event: &OrderEvent) -> Order {
    apply(&mut order, event);
    note_import(&mut order, event);
    order
}

/// The events of an import are kept, to compare another one with.
fn note_import(order: &mut Order, event: &OrderEvent) {
    if let OrderEvent::OrderImported(e) = event {
        order.import_left = e.history + 1;
    }
    if order.import_left > 0 {
        order.import_left -= 1;
        order.import.push(event.clone());
    }
}

fn apply(order: &mut Order, event: &OrderEvent) {
    match event {
        OrderEvent::DraftCreated(e) => draft(order, &e.order, e.personal.clone()),
        OrderEvent::DraftUpdated(e) => draft(order, &e.order, e.personal.clone()),
        OrderEvent::OrderPlaced(e) => begin(order, &e.order, Kind::Order, Stage::Placed),
        OrderEvent::OrderImported(e) => begin(order, &e.order, e.kind, Stage::Placed),
        OrderEvent::OrderConfirmed(_) => order.confirmed = true,
        OrderEvent::LineAdded(e) => {
            order.counters.lines += 1;
            order.lines.push(LineState::new(e.line.clone()));
            order.discounts.clone_from(&e.discounts);
        }
        OrderEvent::LineQuantityChanged(e) => change_line(order, e),
        OrderEvent::LineRemoved(e) => {
            order.lines.retain(|l| l.line.id != e.line);
            order.discounts.clone_from(&e.discounts);
        }
        OrderEvent::ShippingChanged(e) => order.shipping = Some(e.shipping.clone()),
        OrderEvent::DiscountApplied(e) => {
            order.counters.discounts += 1;
            order.discounts.clone_from(&e.discounts);
        }
        OrderEvent::DiscountRemoved(e) => order.discounts.clone_from(&e.discounts),
        OrderEvent::AddressChanged(e) => address(order, e),
        OrderEvent::CustomerAssigned(e) => {
            if let Some(head) = &mut order.head {
                head.customer_id.clone_from(&e.customer_id);
            }
        }
        OrderEvent::CustomerLinked(e) => {
            if let Some(head) = &mut order.head {
                head.customer_id = Some(e.customer_id.clone());
            }
        }
        OrderEvent::HoldPlaced(e) => {
            order.counters.holds += 1;
            order.holds.push(Holding {
                id: e.hold_id.clone(),
                handle: e.handle.clone(),
            });
        }
        OrderEvent::HoldReleased(e) => order.holds.retain(|h| h.id != e.hold_id),
        OrderEvent::LinesCancelled(e) => cancel_lines(order, e),
        OrderEvent::OrderCancelled(_) => cancel(order),
        OrderEvent::NoteAdded(_) => order.counters.notes += 1,
        OrderEvent::Tagged(e) => {
            order.tags.insert(e.tag.clone());
            tag_draft(order);
        }
        OrderEvent::Untagged(e) => {
            order.tags.remove(&e.tag);
            tag_draft(order);
        }
        OrderEvent::OrderArchived(_) => order.archived = true,
        OrderEvent::OrderUnarchived(_) => order.archived = false,
        OrderEvent::InvoiceIssued(e) => order.invoice_number = Some(e.invoice_number),
        event => {
            fold_money::apply(order, event);
            fold_goods::apply(order, event);
        }
    }
}

fn begin(order: &mut Order, snapshot: &Snapshot, kind: Kind, stage: Stage) {
    order.head = Some(Head {
        order_id: snapshot.order_id,
        number: snapshot.number.clone(),
        platform: snapshot.platform.clone(),
        kind,
        currency: snapshot.currency.parse().unwrap_or(Currency::NONE),
        prices_include_tax: snapshot.prices_include_tax,
        customer_id: snapshot.customer_id.clone(),
        shipping_country: snapshot.shipping_country.clone(),
        billing_country: snapshot.billing_country.clone(),
    });
    order.stage = stage;
    order.counters.lines = u32::try_from(snapshot.lines.len()).unwrap_or(u32::MAX);
    order.lines = snapshot.lines.iter().cloned().map(LineState::new).collect();
    order.shipping.clone_from(&snapshot.shipping);
    order.tags = snapshot.tags.iter().cloned().collect();
    order.draft = None;
}

fn draft(order: &mut Order, snapshot: &Snapshot, personal: Option<Personal<OrderPersonal>>) {
    begin(order, snapshot, Kind::Order, Stage::Draft);
    let snapshot = snapshot.clone();
    order.draft = Some(Box::new(DraftContent { snapshot, personal }));
}

/// What becomes of a draft begins from its content: labels go with it.
fn tag_draft(order: &mut Order) {
    if let Some(draft) = &mut order.draft {
        draft.snapshot.tags = order.tags.iter().cloned().collect();
    }
}

fn address(order: &mut Order, event: &AddressChanged) {
    if let Some(head) = &mut order.head {
        let country = match event.address {
            AddressKind::Shipping => &mut head.shipping_country,
            AddressKind::Billing => &mut head.billing_country,
        };
        country.clone_from(&event.address_country);
    }
}

fn change_line(order: &mut Order, event: &LineQuantityChanged) {
    let head = order.head.as_ref();
    for state in order.lines.iter_mut().filter(|l| l.line.id == event.line) {
        state.line.quantity = event.quantity;
        state.line.amount = event.amount;
        let in_proportion = head.and_then(|h| pricing::for_units(state, state.live(), h).ok());
        state.rate(event.discount, event.tax, in_proportion);
    }
    order.discounts.clone_from(&event.discounts);
}

fn cancel_lines(order: &mut Order, event: &LinesCancelled) {
    let rests = event.lines.iter();
    let rests: HashMap<&str, &CancelledLine> = rests
        .map(|rest| (rest.cancelled.line.as_str(), rest))
        .collect();
    for state in &mut order.lines {
        if let Some(rest) = rests.get(state.line.id.as_str()) {
            state.cancelled += rest.cancelled.quantity;
            state.line.amount = rest.amount;
            state.line.discount = rest.discount;
            state.line.tax = rest.tax;
        }
    }
    order.discounts.clone_from(&event.discounts);
}

fn cancel(order: &mut Order) {
    order.stage = Stage::Cancelled;
    for state in &mut order.lines {
        state.cancelled = state.line.quantity;
        state.line.amount = 0;
        state.line.discount = 0;
        state.line.tax = 0;
    }
    order.discounts.iter_mut().for_each(stand_for_nothing);
}

fn stand_for_nothing(discount: &mut Discount) {
    discount.amount = 0;
    discount.allocations.clear();
}
