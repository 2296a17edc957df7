//! Granting a discount on a placed order.

use crate::order::{
    command::{ApplyDiscount, DiscountValue},
    event::OrderEvent,
    personal,
    placement::checked,
    pricing,
    rejection::Rejection,
    state::Order,
};
use contracts::order::{Discount, DiscountApplied};

/// On the whole order or on one line, on top of those it has. A fixed amount
/// has to fit what is left to discount.
pub fn decide(order: &Order, command: ApplyDiscount) -> Result<Vec<OrderEvent>, Rejection> {
    order.editable()?;
    if let Some(line) = &command.line {
        order.line(line, Some("/line".to_owned()))?;
    }
    let (fixed, percent) = match command.value {
        DiscountValue::Fixed(amount) if amount <= 0 => {
            return Err(Rejection::AmountNotPositive { amount });
        }
        DiscountValue::Fixed(amount) => (Some(amount), None),
        DiscountValue::Percent(percent) => (None, Some(percent.to_string())),
    };
    let discount_id = format!("d{}", order.counters.discounts + 1);
    let mut granted = order.discounts.clone();
    granted.push(Discount {
        id: discount_id.clone(),
        line: command.line.map(Into::into),
        code: command.code.map(Into::into),
        percent,
        fixed,
        amount: 0,
        allocations: Vec::new(),
    });
    let discounts = pricing::discounts(&order.lines, &granted)?;
    let available = discounts.last().map_or(0, |d| d.amount);
    if let Some(requested) = fixed.filter(|requested| *requested > available) {
        return Err(Rejection::DiscountExceedsAmount {
            requested,
            available,
        });
    }
    let applied = DiscountApplied {
        discount_id,
        discounts,
        personal: personal::reason(command.reason),
    };
    checked(order, vec![applied.into()])
}
