//! Recording goods that came back.

use super::wrong;
use crate::order::{
    command::ReceiveReturn,
    event::OrderEvent,
    rejection::{Part, Rejection},
    state::{Order, ReturnState},
    units::each_line_once,
};
use contracts::order::{LineQuantity, ReceivedLine, ReturnReceived, ReturnState as Step};
use std::collections::HashMap;

/// In one go or in several, at most what was asked for of each line. The
/// return was allowed before.
pub fn decide(order: &Order, command: ReceiveReturn) -> Result<Vec<OrderEvent>, Rejection> {
    order.sale()?;
    let returned = order.returned(&command.return_id, None)?;
    if !matches!(
        returned.state,
        Step::Approved | Step::Received | Step::Refunded
    ) {
        return Err(wrong(returned, Step::Approved));
    }
    let units = each_line_once(command.lines.iter().map(|(units, _)| units))?;
    check(returned, &units)?;
    let resellable = command.lines.into_iter().map(|(_, resellable)| resellable);
    let lines = units.into_iter().zip(resellable);
    let received = ReturnReceived {
        return_id: returned.id.clone(),
        lines: lines
            .map(|(received, resellable)| ReceivedLine {
                received,
                resellable,
            })
            .collect(),
    };
    Ok(vec![received.into()])
}

fn check(returned: &ReturnState, units: &[LineQuantity]) -> Result<(), Rejection> {
    let lines = returned.lines.iter();
    let expected: HashMap<&str, i64> = lines
        .map(|l| (l.line.as_str(), l.quantity - l.received))
        .collect();
    for (index, unit) in units.iter().enumerate() {
        let Some(expected) = expected.get(unit.line.as_str()).copied() else {
            let pointer = Some(format!("/lines/{index}/line"));
            return Err(Rejection::no_such(Part::Line, &unit.line, pointer));
        };
        if unit.quantity > expected {
            return Err(Rejection::ReceiveExceedsRequested {
                index,
                line: unit.line.clone(),
                received: unit.quantity,
                expected,
            });
        }
    }
    Ok(())
}
