//! Asking for goods to come back.

use crate::{
    order::{
        command::RequestReturn,
        event::OrderEvent,
        rejection::Rejection,
        state::Order,
        units::{each_line_once, with_lines},
    },
    text::Words,
};
use contracts::{
    order::{LineQuantity, ReturnReasons, ReturnRequested},
    personal::Personal,
};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// At most what was shipped of each line and is not asked back already.
pub fn decide(order: &Order, command: RequestReturn) -> Result<Vec<OrderEvent>, Rejection> {
    recorded(order, command, None)
}

/// The same, where it was asked for elsewhere and then.
pub fn recorded(
    order: &Order,
    command: RequestReturn,
    occurred_at: Option<OffsetDateTime>,
) -> Result<Vec<OrderEvent>, Rejection> {
    order.live_sale()?;
    let units = each_line_once(command.lines.iter().map(|(units, _)| units))?;
    let units = with_lines(units, &order.lines)?;
    for (index, (unit, line)) in units.iter().enumerate() {
        if unit.quantity > line.returnable() {
            return Err(Rejection::ReturnExceedsShipped {
                index,
                line: unit.line.clone(),
                requested: unit.quantity,
                returnable: line.returnable(),
            });
        }
    }
    let lines: Vec<LineQuantity> = units.into_iter().map(|(unit, _)| unit).collect();
    let by_line = command.lines.into_iter().filter_map(|(units, reason)| {
        let reason: String = reason?.into();
        Some((String::from(units.line), reason))
    });
    let requested = ReturnRequested {
        return_id: format!("r{}", order.counters.returns + 1),
        lines,
        occurred_at,
        personal: reasons(command.reason, by_line.collect()),
    };
    Ok(vec![requested.into()])
}

fn reasons(
    reason: Option<Words>,
    lines: BTreeMap<String, String>,
) -> Option<Personal<ReturnReasons>> {
    if reason.is_none() && lines.is_empty() {
        return None;
    }
    let reason = reason.map(Into::into);
    Some(Personal::Open(ReturnReasons { reason, lines }))
}
