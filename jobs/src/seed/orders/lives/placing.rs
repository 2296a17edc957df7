//! Orders that are begun, placed, held up, changed and called off.

use super::telling::{Telling, Told};
use crate::seed::line::About;
use serde_json::json;

const ORDER: About<'static> = About::NOTHING_MORE;

/// A basket that somebody has not paid for yet.
pub fn draft(order: &mut Telling<'_>) -> Told {
    order.drafted()?;
    order.tagged("quote")
}

/// One that was changed once more before it was placed.
pub fn draft_completed(order: &mut Telling<'_>) -> Told {
    order.drafted()?;
    let address = json!({"billing_address": order.sale.person.address});
    order.tell("update_draft", ORDER, &address)?;
    let placed = json!({"placed_at": order.after(0, 2)?});
    order.tell("complete_draft", ORDER, &placed)?;
    order.authorized(order.sale.total)
}

/// Nothing paid yet.
pub fn placed(order: &mut Telling<'_>) -> Told {
    order.placed()?;
    if order.draw.chance(30) {
        order.noted("Customer asks for delivery after five.")?;
    }
    Ok(())
}

/// Somebody looks at the address first.
pub fn on_hold(order: &mut Telling<'_>) -> Told {
    order.placed()?;
    order.authorized(order.sale.total)?;
    let hold = json!({"reason": "the address looks wrong", "handle": "address-check"});
    order.tell("hold_order", ORDER, &hold)?;
    order.tagged("check")
}

/// Somebody has.
pub fn released(order: &mut Telling<'_>) -> Told {
    on_hold(order)?;
    let release = json!({"hold_id": "address-check", "reason": "the customer has confirmed it"});
    order.tell("release_order", ORDER, &release)?;
    order.captured("p1", order.sale.total)?;
    order.packed()
}

/// More of the first thing, a voucher, another address.
pub fn edited(order: &mut Telling<'_>) -> Told {
    order.placed()?;
    order.confirmed()?;
    let sale = order.sale;
    let units = sale.lines.first().map_or(1, |line| line.body.quantity);
    let more = json!({"quantity": units + 1, "reason": "asked for on the telephone"});
    order.tell("change_line", About::line("l1"), &more)?;
    let voucher = json!({"percent": "5", "code": "WELCOME5"});
    order.tell("apply_discount", ORDER, &voucher)?;
    let mut address = sale.person.address.clone();
    address.line2 = Some("At the neighbours', ground floor".to_owned());
    order.tell("change_shipping_address", ORDER, &json!(address))?;
    order.noted("Changed as the customer asked for on the telephone.")
}

/// Before anything was paid.
pub fn cancelled(order: &mut Telling<'_>) -> Told {
    order.placed()?;
    order.tell("cancel_order", ORDER, &json!({"reason": "ordered twice"}))
}

/// One thing of several.
pub fn lines_cancelled(order: &mut Telling<'_>) -> Told {
    order.placed()?;
    order.confirmed()?;
    order.authorized(order.sale.total)?;
    let one = json!({"reason": "one of them is broken", "lines": order.units(Some(1))});
    order.tell("cancel_order", ORDER, &one)
}
