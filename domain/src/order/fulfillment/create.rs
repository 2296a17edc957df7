//! Packing goods.

use crate::order::{
    command::CreateFulfillment,
    event::OrderEvent,
    rejection::Rejection,
    state::Order,
    units::{each_line_once, of_open},
};
use contracts::order::FulfillmentCreated;

/// At most ordered − cancelled − fulfilled of each line.
pub fn decide(order: &Order, command: &CreateFulfillment) -> Result<Vec<OrderEvent>, Rejection> {
    order.live_sale()?;
    if command.lines.is_empty() && order.lines.iter().all(|l| l.open() == 0) {
        return Err(Rejection::NothingToFulfill);
    }
    let units = of_open(each_line_once(&command.lines)?, &order.lines)?;
    let created = FulfillmentCreated {
        fulfillment_id: format!("f{}", order.counters.fulfillments + 1),
        lines: units.into_iter().map(|(unit, _)| unit).collect(),
    };
    Ok(vec![created.into()])
}
