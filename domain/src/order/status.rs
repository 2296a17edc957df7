//! Derived statuses and sums: the one place where they are computed.

use super::state::{Order, PaymentEnd, Stage};
use crate::money::{self, Overflow};
use contracts::order::{
    After, FulfillmentStatus, Kind, OrderStatus, PaymentStatus, ReturnState, ReturnStatus, Totals,
};

/// The order as its event number `version` left it.
///
/// # Errors
/// [`Overflow`] when a sum does not fit; decisions refuse such orders, so a
/// stored order never has one.
pub fn after(order: &Order, version: i64) -> Result<After, Overflow> {
    let totals = totals(order)?;
    Ok(After {
        version,
        status: status(order),
        payment_status: payment_status(order, &totals),
        fulfillment_status: fulfillment_status(order),
        return_status: return_status(order),
        totals,
    })
}

const fn status(order: &Order) -> OrderStatus {
    match order.stage {
        Stage::Absent | Stage::Draft => OrderStatus::Draft,
        Stage::Placed => OrderStatus::Placed,
        Stage::Cancelled => OrderStatus::Cancelled,
    }
}

/// A sale that was placed, whatever became of it.
fn is_sale(order: &Order) -> bool {
    let kind = order.head.as_ref().map(|head| head.kind);
    kind == Some(Kind::Order) && matches!(order.stage, Stage::Placed | Stage::Cancelled)
}

fn payment_status(order: &Order, totals: &Totals) -> PaymentStatus {
    if !is_sale(order) {
        return PaymentStatus::None;
    }
    if totals.captured == 0 {
        return unpaid_status(order, totals);
    }
    let given_back = i128::from(totals.refunded) + i128::from(totals.charged_back);
    if given_back >= i128::from(totals.captured) {
        PaymentStatus::Refunded
    } else if totals.balance_due < 0 {
        PaymentStatus::Overpaid
    } else if given_back > 0 {
        PaymentStatus::PartiallyRefunded
    } else if totals.balance_due > 0 {
        PaymentStatus::PartiallyPaid
    } else {
        PaymentStatus::Paid
    }
}

/// Where nothing is captured. An order that costs nothing counts as paid.
fn unpaid_status(order: &Order, totals: &Totals) -> PaymentStatus {
    if order.stage == Stage::Placed && totals.balance_due <= 0 {
        return PaymentStatus::Paid;
    }
    let ended = |how| order.payments.iter().any(|p| p.ended == how);
    if ended(None) {
        PaymentStatus::Authorized
    } else if ended(Some(PaymentEnd::Voided)) {
        PaymentStatus::Voided
    } else {
        PaymentStatus::None
    }
}

fn fulfillment_status(order: &Order) -> FulfillmentStatus {
    let kind = order.head.as_ref().map(|head| head.kind);
    if kind.is_some_and(|kind| kind != Kind::Order) {
        return FulfillmentStatus::None;
    }
    let (mut live, mut fulfilled, mut delivered) = (0_i128, 0_i128, 0_i128);
    for line in &order.lines {
        live += i128::from(line.live());
        fulfilled += i128::from(line.fulfilled);
        delivered += i128::from(line.delivered);
    }
    if fulfilled == 0 {
        FulfillmentStatus::Unfulfilled
    } else if fulfilled < live {
        FulfillmentStatus::Partial
    } else if delivered < live {
        FulfillmentStatus::Fulfilled
    } else {
        FulfillmentStatus::Delivered
    }
}

/// The least advanced open return; without one, whether one was completed,
/// else whether one was refused.
fn return_status(order: &Order) -> ReturnStatus {
    let has = |state| order.returns.iter().any(|r| r.state == state);
    let by_progress = [
        (ReturnState::Requested, ReturnStatus::Requested),
        (ReturnState::Approved, ReturnStatus::Approved),
        (ReturnState::Received, ReturnStatus::Received),
        (ReturnState::Refunded, ReturnStatus::Refunded),
        (ReturnState::Closed, ReturnStatus::Closed),
        (ReturnState::Declined, ReturnStatus::Declined),
    ];
    let found = by_progress.into_iter().find(|(state, _)| has(*state));
    found.map_or(ReturnStatus::None, |(_, status)| status)
}

/// `total = items − discounts + shipping + tax` over what is not cancelled;
/// `balance_due = total − credited − captured + refunded + charged_back`.
///
/// # Errors
/// [`Overflow`] when a sum does not fit.
pub fn totals(order: &Order) -> Result<Totals, Overflow> {
    let mut totals = match order.stage {
        Stage::Cancelled => Totals::default(),
        Stage::Absent | Stage::Draft | Stage::Placed => charged(order)?,
    };
    totals.captured = money::sum(order.payments.iter().map(|p| p.captured))?;
    totals.refunded = money::sum(order.payments.iter().map(|p| p.refunded))?;
    totals.charged_back = money::sum(order.payments.iter().map(|p| p.charged_back))?;
    // What an order does not cost any more cannot be credited.
    totals.credited = order.credited.min(totals.total.max(0));
    totals.balance_due = money::sum([
        totals.total,
        negated(totals.credited)?,
        negated(totals.captured)?,
        totals.refunded,
        totals.charged_back,
    ])?;
    Ok(totals)
}

/// What the order costs.
fn charged(order: &Order) -> Result<Totals, Overflow> {
    let lines = || order.lines.iter().map(|l| &l.line);
    let shipping = order.shipping.as_ref();
    let items = money::sum(lines().map(|l| l.amount))?;
    let on_lines = lines().map(|l| l.discount);
    let on_order = order.discounts.iter().map(|d| d.amount);
    let discounts = money::sum(on_lines.chain(on_order))?;
    let charge = shipping.map_or(0, |s| s.amount);
    let taxes = money::sum(lines().map(|l| l.tax).chain(shipping.map(|s| s.tax)))?;
    let included = order.head.as_ref().is_some_and(|h| h.prices_include_tax);
    let (tax, included_tax) = if included { (0, taxes) } else { (taxes, 0) };
    let total = money::sum([items, negated(discounts)?, charge, tax])?;
    Ok(Totals {
        items,
        discounts,
        shipping: charge,
        tax,
        included_tax,
        total,
        ..Totals::default()
    })
}

fn negated(amount: i64) -> Result<i64, Overflow> {
    amount.checked_neg().ok_or(Overflow)
}
