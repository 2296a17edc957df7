//! Orders on their way.

use super::telling::{Telling, Told};
use crate::seed::line::About;
use serde_json::json;

const ORDER: About<'static> = About::NOTHING_MORE;

/// All of it, and nothing gone.
pub fn packed(order: &mut Telling<'_>) -> Told {
    order.paid()?;
    order.packed()
}

/// One unit of several.
pub fn partly_shipped(order: &mut Telling<'_>) -> Told {
    order.paid()?;
    let one = json!({"lines": order.units(Some(1))});
    order.tell("create_fulfillment", ORDER, &one)?;
    order.shipped("f1")?;
    order.noted("The rest follows as soon as it is there.")
}

/// All of it, and nothing there.
pub fn shipped(order: &mut Telling<'_>) -> Told {
    order.gone()
}

/// All of it.
pub fn delivered(order: &mut Telling<'_>) -> Told {
    order.delivered()
}

/// The first parcel was packed in vain, and the second one changed hands.
pub fn repacked(order: &mut Telling<'_>) -> Told {
    order.paid()?;
    order.packed()?;
    let broken = json!({"reason": "broken while it was packed"});
    order.tell("cancel_fulfillment", About::fulfillment("f1"), &broken)?;
    order.packed()?;
    order.shipped("f2")?;
    let tracking = json!({"carrier": "lastmile", "tracking_number": order.draw.filled("@@######")});
    order.tell("update_tracking", About::fulfillment("f2"), &tracking)
}

/// Done with.
pub fn archived(order: &mut Telling<'_>) -> Told {
    order.delivered()?;
    order.tagged("vip")?;
    order.do_so("archive_order", ORDER)
}
