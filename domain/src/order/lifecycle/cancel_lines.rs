//! Calling units of lines off.

use super::{cancel, settlement};
use crate::order::{
    command::{CancelLines, CancelOrder},
    event::OrderEvent,
    personal,
    pricing::{self, overflow},
    rejection::Rejection,
    state::{LineState, Order, evolve},
    status,
    units::{each_line_once, of_open},
};
use contracts::order::{CancelledLine, LineQuantity, LinesCancelled, Settlement};

/// At most what is neither fulfilled nor cancelled of each line. Says what
/// is to be refunded, where more was captured than the rest costs. Where
/// nothing is left of the order, it is cancelled as a whole.
pub fn decide(order: &Order, command: CancelLines) -> Result<Vec<OrderEvent>, Rejection> {
    order.live_sale()?;
    let units = of_open(each_line_once(&command.lines)?, &order.lines)?;
    if takes_everything(order, &units) {
        let whole = CancelOrder {
            reason: command.reason,
            occurred_at: None,
        };
        return cancel::decide(order, whole);
    }
    let mut event = LinesCancelled {
        personal: personal::reason(command.reason),
        ..called_off(order, units)?
    };
    let then = evolve(order.clone(), &event.clone().into());
    let more = overpaid(&then)? - overpaid(order)?;
    event.settlement = settlement::of_overpayment(order, more.max(0));
    Ok(vec![event.into()])
}

fn takes_everything(order: &Order, units: &[(LineQuantity, &LineState)]) -> bool {
    let called_off: i128 = units.iter().map(|(u, _)| i128::from(u.quantity)).sum();
    let live: i128 = order.lines.iter().map(|l| i128::from(l.live())).sum();
    called_off == live
}

fn overpaid(order: &Order) -> Result<i64, Rejection> {
    let balance = status::totals(order).map_err(overflow)?.balance_due;
    Ok(balance.checked_neg().unwrap_or(i64::MAX).max(0))
}

fn called_off(
    order: &Order,
    units: Vec<(LineQuantity, &LineState)>,
) -> Result<LinesCancelled, Rejection> {
    let head = order.head()?;
    let mut lines = Vec::with_capacity(units.len());
    for (cancelled, state) in units {
        let left = state.live() - cancelled.quantity;
        let rest = pricing::for_units(state, left, head).map_err(overflow)?;
        lines.push(CancelledLine {
            cancelled,
            amount: rest.amount,
            discount: rest.discount,
            tax: rest.tax,
        });
    }
    let mut event = LinesCancelled {
        lines,
        discounts: Vec::new(),
        settlement: Settlement::default(),
        personal: None,
    };
    let then = evolve(order.clone(), &event.clone().into());
    event.discounts = pricing::discounts(&then.lines, &order.discounts)?;
    Ok(event)
}
