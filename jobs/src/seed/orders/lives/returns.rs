//! Orders of which something comes back.

use super::telling::{Telling, Told};
use crate::seed::line::About;
use serde_json::{Value, json};

const ORDER: About<'static> = About::NOTHING_MORE;
const RETURN: &str = "r1";

/// One unit is to come back.
pub fn requested(order: &mut Telling<'_>) -> Told {
    order.delivered()?;
    let mut units = order.units(Some(1));
    for unit in &mut units {
        unit["reason"] = "not the colour of the picture".into();
    }
    order.tell("request_return", ORDER, &json!({"lines": units}))
}

/// It may.
pub fn approved(order: &mut Telling<'_>) -> Told {
    requested(order)?;
    order.do_so("approve_return", About::returned(RETURN))
}

/// It may not.
pub fn declined(order: &mut Telling<'_>) -> Told {
    requested(order)?;
    let used = json!({"reason": "it was used"});
    order.tell("decline_return", About::returned(RETURN), &used)
}

/// It has come back.
pub fn received(order: &mut Telling<'_>) -> Told {
    approved(order)?;
    let units = order.units(Some(1));
    came_back(order, units)
}

/// And the money went.
pub fn refunded(order: &mut Telling<'_>) -> Told {
    received(order)?;
    let each = order.sale.lines.first().map_or(1, |line| line.each);
    order.refunded(
        each,
        "not the colour of the picture",
        &[("return_id", RETURN)],
    )
}

/// And that was it.
pub fn closed(order: &mut Telling<'_>) -> Told {
    refunded(order)?;
    order.do_so("close_return", About::returned(RETURN))
}

/// All of it comes back, and all of the money goes.
pub fn all_refunded(order: &mut Telling<'_>) -> Told {
    order.delivered()?;
    let units = order.units(None);
    let back = json!({"lines": units, "reason": "changed their mind"});
    order.tell("request_return", ORDER, &back)?;
    order.do_so("approve_return", About::returned(RETURN))?;
    came_back(order, units)?;
    let what_for = [("return_id", RETURN)];
    order.refunded(order.sale.total, "changed their mind", &what_for)
}

/// Something else goes instead.
pub fn exchanged(order: &mut Telling<'_>) -> Told {
    received(order)?;
    let lines = order.sale.lines.iter().take(1).map(|line| {
        json!({"sku": line.body.sku, "name": line.body.name, "quantity": 1, "unit_price": 0})
    });
    let lines: Vec<Value> = lines.collect();
    order.tell(
        "exchange_return",
        About::returned(RETURN),
        &json!({"lines": lines}),
    )
}

fn came_back(order: &mut Telling<'_>, mut units: Vec<Value>) -> Told {
    for (place, unit) in units.iter_mut().enumerate() {
        unit["resellable"] = (place % 2 == 0).into();
    }
    let units = json!({"lines": units});
    order.tell("receive_return", About::returned(RETURN), &units)
}
