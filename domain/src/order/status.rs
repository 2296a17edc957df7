//! Derived statuses and sums: the one place where they are computed.

use super::state::{Order, Placed};
use crate::money::{self, Overflow};
use contracts::order::{
    After, FulfillmentStatus, Kind, OrderStatus, PaymentStatus, ReturnStatus, Totals,
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
        payment_status: payment_status(order, totals),
        fulfillment_status: fulfillment_status(order),
        return_status: ReturnStatus::None,
        totals,
    })
}

const fn status(order: &Order) -> OrderStatus {
    match (order.cancelled, &order.placed) {
        (true, _) => OrderStatus::Cancelled,
        (false, Some(_)) => OrderStatus::Placed,
        (false, None) => OrderStatus::Draft,
    }
}

/// An order that costs nothing counts as paid; credits and adjustments are
/// never paid.
fn payment_status(order: &Order, totals: Totals) -> PaymentStatus {
    match &order.placed {
        Some(placed) if placed.kind == Kind::Order && !order.cancelled && totals.total == 0 => {
            PaymentStatus::Paid
        }
        _ => PaymentStatus::None,
    }
}

fn fulfillment_status(order: &Order) -> FulfillmentStatus {
    match &order.placed {
        Some(placed) if placed.kind != Kind::Order => FulfillmentStatus::None,
        _ => FulfillmentStatus::Unfulfilled,
    }
}

/// `total = items − discounts + shipping + tax` over what is not cancelled.
fn totals(order: &Order) -> Result<Totals, Overflow> {
    match &order.placed {
        Some(placed) if !order.cancelled => live_totals(placed),
        _ => Ok(Totals::default()),
    }
}

fn live_totals(placed: &Placed) -> Result<Totals, Overflow> {
    let lines = || placed.lines.iter().map(|l| &l.line);
    let shipping = placed.shipping.as_ref();
    let items = money::sum(lines().map(|l| l.amount))?;
    let discounts = money::sum(lines().map(|l| l.discount))?;
    let charge = shipping.map_or(0, |s| s.amount);
    let tax = money::sum(lines().map(|l| l.tax).chain(shipping.map(|s| s.tax)))?;
    let negated = discounts.checked_neg().ok_or(Overflow)?;
    let total = money::sum([items, negated, charge, tax])?;
    Ok(Totals {
        items,
        discounts,
        shipping: charge,
        tax,
        total,
        balance_due: total,
        ..Totals::default()
    })
}
