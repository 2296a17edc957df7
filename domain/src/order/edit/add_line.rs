//! Adding a line to a placed order.

use crate::order::{
    command::AddLine,
    event::OrderEvent,
    personal,
    placement::{MAX_LINES, checked, placed_line},
    pricing,
    rejection::Rejection,
    state::{LineState, Order},
};
use contracts::order::{Kind, LineAdded};

/// Additions are taken after the first fulfilment, too.
pub fn decide(order: &Order, command: AddLine) -> Result<Vec<OrderEvent>, Rejection> {
    let head = order.live_sale()?;
    if order.lines.len() >= MAX_LINES {
        return Err(Rejection::TooManyLines {
            lines: order.lines.len() + 1,
            limit: MAX_LINES,
        });
    }
    let number = usize::try_from(order.counters.lines).unwrap_or(usize::MAX);
    let included = head.prices_include_tax;
    let (currency, kind) = (head.currency, Kind::Order);
    let line = placed_line(
        0,
        number.saturating_add(1),
        command.line,
        currency,
        kind,
        included,
    )
    .map_err(Rejection::of_line_alone)?;
    let mut lines = order.lines.clone();
    lines.push(LineState::new(line.clone()));
    let added = LineAdded {
        line,
        discounts: pricing::discounts(&lines, &order.discounts)?,
        personal: personal::reason(command.reason),
    };
    checked(order, vec![added.into()])
}
