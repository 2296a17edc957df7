//! What happens to an order when nothing else does: unpaid ones expire,
//! settled ones are archived.

use super::{Reaction, Situation};
use crate::process::step::{Kind, Step};
use contracts::order::{FulfillmentStatus, OrderStatus, PaymentStatus, ReturnStatus};
use serde_json::json;
use time::{Duration, OffsetDateTime};

/// Both timers as they are to stand after the event: each is set anew, or
/// dropped.
pub fn react(situation: &Situation<'_>) -> Reaction {
    let expire = expires_at(situation).map(|at| {
        let body = json!({"reason": "not paid in time"});
        Step::new(situation.envelope, Kind::Expire, "cancel", &body).due(at)
    });
    let archive = archived_at(situation).map(|at| {
        let body = json!({});
        Step::new(situation.envelope, Kind::Archive, "archive", &body).due(at)
    });
    Reaction {
        drop: vec![Kind::Expire, Kind::Archive],
        schedule: expire.into_iter().chain(archive).collect(),
    }
}

/// When the order is cancelled unless somebody pays: counted from when the log
/// recorded that it was placed.
fn expires_at(situation: &Situation<'_>) -> Option<OffsetDateTime> {
    let placed_at = situation.order.placed_at?;
    let expired = later(placed_at, situation.settings.expire_unpaid_after_seconds);
    expired.filter(|_| is_unpaid(situation))
}

/// Nothing paid or authorised of something that is due. What is in a
/// fulfilment already was sold on credit: it is neither forgotten nor
/// cancelled.
fn is_unpaid(situation: &Situation<'_>) -> bool {
    let after = &situation.event.after;
    after.status == OrderStatus::Placed
        && matches!(
            after.payment_status,
            PaymentStatus::None | PaymentStatus::Voided
        )
        && after.fulfillment_status == FulfillmentStatus::Unfulfilled
        && after.totals.balance_due > 0
}

/// When the order is archived unless somebody touches it: counted from its
/// last event.
fn archived_at(situation: &Situation<'_>) -> Option<OffsetDateTime> {
    let idle = situation.settings.archive_settled_after_seconds;
    let at = later(situation.envelope.time, idle);
    at.filter(|_| !situation.order.archived && is_settled(situation))
}

/// Nobody owes anybody anything. A return is open until it is declined, closed
/// or cancelled: one whose money went back may have goods outstanding. The
/// least advanced open return decides, so that a closed one hides none.
fn is_settled(situation: &Situation<'_>) -> bool {
    let after = &situation.event.after;
    let goods = match after.status {
        OrderStatus::Draft => false,
        OrderStatus::Cancelled => true,
        OrderStatus::Placed => {
            let status = after.fulfillment_status;
            // Fulfilled is also what is still being packed.
            matches!(
                status,
                FulfillmentStatus::Fulfilled | FulfillmentStatus::Delivered
            ) && situation.order.open_fulfillments == 0
        }
    };
    let returns = matches!(
        after.return_status,
        ReturnStatus::None | ReturnStatus::Declined | ReturnStatus::Closed
    );
    // An authorisation is the customer's money, though it counts for nothing
    // in the balance.
    let money = after.totals.balance_due == 0 && after.payment_status != PaymentStatus::Authorized;
    goods && returns && money
}

/// None: never, which is also what lies beyond the calendar.
fn later(since: OffsetDateTime, seconds: Option<u64>) -> Option<OffsetDateTime> {
    let seconds = i64::try_from(seconds?).ok()?;
    since.checked_add(Duration::seconds(seconds))
}
