//! Orders whose money has a story.

use super::telling::{Telling, Told};
use crate::seed::line::About;
use serde_json::json;

const ORDER: About<'static> = About::NOTHING_MORE;

/// It may be captured.
pub fn authorized(order: &mut Telling<'_>) -> Told {
    order.placed()?;
    order.confirmed()?;
    order.authorized(order.sale.total)
}

/// A deposit.
pub fn partly_paid(order: &mut Telling<'_>) -> Told {
    order.placed()?;
    order.confirmed()?;
    order.authorized(order.sale.total)?;
    order.captured("p1", (order.sale.total / 3).max(1))
}

/// All of it.
pub fn paid(order: &mut Telling<'_>) -> Told {
    order.paid()
}

/// Given up before anything was captured.
pub fn voided(order: &mut Telling<'_>) -> Told {
    authorized(order)?;
    let reason = json!({"reason": "the customer pays otherwise"});
    order.tell("void_payment", About::payment("p1"), &reason)?;
    order.noted("Waits for a bank transfer.")
}

/// Twice, in part.
pub fn overpaid(order: &mut Telling<'_>) -> Told {
    order.paid()?;
    let again = (order.sale.total / 4).max(1);
    order.authorized(again)?;
    order.captured("p2", again)?;
    order.tagged("check")
}

/// Called off afterwards: what becomes of the money is the platform's rule.
pub fn cancelled_paid(order: &mut Telling<'_>) -> Told {
    order.paid()?;
    order.tell("cancel_order", ORDER, &json!({"reason": "out of stock"}))
}

/// The bank took it back.
pub fn charged_back(order: &mut Telling<'_>) -> Told {
    order.delivered()?;
    let back = json!({
        "payment_id": "p1", "amount": order.sale.total, "reason": "card reported stolen",
    });
    order.tell("record_chargeback", ORDER, &back)?;
    order.tagged("fraud")
}

/// The first card was refused.
pub fn second_attempt(order: &mut Telling<'_>) -> Told {
    authorized(order)?;
    let refused = json!({"reason": "the bank has refused it"});
    order.tell("fail_payment", About::payment("p1"), &refused)?;
    order.authorized(order.sale.total)?;
    order.captured("p2", order.sale.total)
}

/// Asked for, and not yet done.
pub fn capture_pending(order: &mut Telling<'_>) -> Told {
    authorized(order)?;
    let pending = json!({"pending": true});
    order.tell("capture_payment", About::payment("p1"), &pending)
}

/// Promised, and not yet done.
pub fn refund_pending(order: &mut Telling<'_>) -> Told {
    order.delivered()?;
    let some = json!({
        "payment_id": "p1", "amount": (order.sale.total / 10).max(1), "pending": true,
        "reason": "came a week late",
    });
    order.tell("refund_payment", ORDER, &some)
}

/// Some back, with an apology.
pub fn courtesy(order: &mut Telling<'_>) -> Told {
    order.delivered()?;
    let some = (order.sale.total / 8).max(1);
    order.refunded(some, "arrived scratched", &[])?;
    order.noted("The customer keeps it, and is content.")
}

/// Made cheaper, and the rest given back.
pub fn credited(order: &mut Telling<'_>) -> Told {
    order.delivered()?;
    let some = (order.sale.total / 5).max(1);
    let credit = json!({"amount": some, "reason": "cheaper since the day after"});
    order.tell("grant_credit", ORDER, &credit)?;
    let what_for = [("purpose", "overpayment")];
    order.refunded(some, "cheaper since the day after", &what_for)
}
