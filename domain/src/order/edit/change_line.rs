//! Changing how much of a line is ordered, or what is charged for it.

use crate::order::{
    command::ChangeLine,
    event::OrderEvent,
    personal,
    placement::{MAX_QUANTITY, checked},
    pricing::{self, Amounts, overflow},
    rejection::Rejection,
    state::{LineState, Order, evolve},
};
use contracts::order::LineQuantityChanged;

/// A line cannot go below what is fulfilled or cancelled of it; less of it,
/// or other money for it, is taken only before the first fulfilment. Discount
/// and tax stay in proportion, unless they are given. A change that changes
/// nothing stores nothing; one that leaves nothing of the order is refused, as
/// the removal of its last line is.
pub fn decide(order: &Order, command: ChangeLine) -> Result<Vec<OrderEvent>, Rejection> {
    order.live_sale()?;
    let state = order.line(&command.line, None)?;
    let quantity = command.quantity.unwrap_or(state.line.quantity);
    check_quantity(state, quantity)?;
    leaves_something(order, state, quantity)?;
    let only_more =
        quantity >= state.line.quantity && command.discount.is_none() && command.tax.is_none();
    if !only_more {
        order.editable()?;
    }
    let amounts = amounts(order, state, quantity, &command)?;
    if quantity == state.line.quantity && amounts == now(state) {
        return Ok(Vec::new());
    }
    let mut changed = LineQuantityChanged {
        line: state.line.id.clone(),
        quantity,
        amount: amounts.amount,
        discount: amounts.discount,
        tax: amounts.tax,
        discounts: Vec::new(),
        personal: personal::reason(command.reason),
    };
    let then = evolve(order.clone(), &changed.clone().into());
    changed.discounts = pricing::discounts(&then.lines, &order.discounts)?;
    checked(order, vec![changed.into()])
}

/// Whether the line keeps the discount that it has, as those change it who may
/// not set prices: units that are added get none, and those that stay have no
/// more than their part.
///
/// # Errors
/// `discount_not_allowed`; before that, whatever [`decide`] refuses.
pub fn keeps_discount(order: &Order, command: &ChangeLine) -> Result<(), Rejection> {
    decide(order, command.clone())?;
    let state = order.line(&command.line, None)?;
    let had = state.line.quantity;
    let quantity = command.quantity.unwrap_or(had);
    let staying = quantity.min(had) - state.cancelled;
    let allowed = pricing::for_units(state, staying, order.head()?).map_err(overflow)?;
    let allowed = allowed.discount;
    if amounts(order, state, quantity, command)?.discount > allowed {
        return Err(Rejection::DiscountNotAllowed {
            pointer: "/discount".to_owned(),
            allowed,
        });
    }
    Ok(())
}

fn check_quantity(state: &LineState, quantity: i64) -> Result<(), Rejection> {
    if !(1..=MAX_QUANTITY).contains(&quantity) {
        return Err(Rejection::NewQuantityOutOfRange {
            quantity,
            limit: MAX_QUANTITY,
        });
    }
    if quantity < state.fulfilled + state.cancelled {
        return Err(Rejection::BelowFulfilled {
            requested: quantity,
            fulfilled: state.fulfilled,
            cancelled: state.cancelled,
        });
    }
    Ok(())
}

fn leaves_something(order: &Order, state: &LineState, quantity: i64) -> Result<(), Rejection> {
    let mut others = order.lines.iter().filter(|l| l.line.id != state.line.id);
    if quantity > state.cancelled || others.any(|l| l.live() > 0) {
        return Ok(());
    }
    Err(Rejection::LastLine)
}

const fn now(state: &LineState) -> Amounts {
    Amounts {
        amount: state.line.amount,
        discount: state.line.discount,
        tax: state.line.tax,
    }
}

/// What is charged for the line then. Given discounts and taxes are for all
/// of it that is not cancelled.
fn amounts(
    order: &Order,
    state: &LineState,
    quantity: i64,
    command: &ChangeLine,
) -> Result<Amounts, Rejection> {
    let head = order.head()?;
    let live_then = quantity - state.cancelled;
    let mut amounts = pricing::for_units(state, live_then, head).map_err(overflow)?;
    if let Some(discount) = command.discount {
        let amount = amounts.amount;
        if !(0..=amount).contains(&discount) {
            return Err(Rejection::NewDiscountOutOfRange { discount, amount });
        }
        amounts.discount = discount;
    }
    let net = amounts.amount - amounts.discount;
    if let Some(tax) = command.tax {
        let nothing_to_tax = live_then == 0 && tax > 0;
        if tax < 0 || nothing_to_tax || (head.prices_include_tax && tax > net) {
            return Err(Rejection::NewTaxOutOfRange { tax });
        }
        amounts.tax = tax;
    } else if head.prices_include_tax {
        amounts.tax = amounts.tax.min(net);
    }
    Ok(amounts)
}
