//! When an order first came to each of the states that the funnel knows. The
//! document does not say it, so the row does.

use contracts::order::{Fact, FulfillmentStatus, Order, OrderStatus, PaymentStatus};
use time::OffsetDateTime;

/// When each state was first reached; microseconds, as they are stored. What
/// is reached stays so: an order that is paid, then refunded, was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Milestones {
    /// Somebody, or the platform's rule, accepted it.
    pub confirmed: Option<OffsetDateTime>,
    /// Its total was captured.
    pub paid: Option<OffsetDateTime>,
    /// Its first goods left.
    pub shipped: Option<OffsetDateTime>,
    /// Its last goods arrived.
    pub delivered: Option<OffsetDateTime>,
    /// A return was asked for.
    pub return_requested: Option<OffsetDateTime>,
    /// The first money went back.
    pub refunded: Option<OffsetDateTime>,
    /// It was called off as a whole.
    pub cancelled: Option<OffsetDateTime>,
}

impl Milestones {
    /// With those that an event reached, which happened at `at` and left the
    /// order like this.
    pub(super) fn reached(self, order: &Order, at: OffsetDateTime) -> Self {
        let at = micros(at);
        let first = |so_far: Option<_>, now: bool| so_far.or_else(|| now.then_some(at));
        let paid = matches!(
            order.payment_status,
            PaymentStatus::Paid | PaymentStatus::Overpaid
        );
        let shipped = order.fulfillments.iter().any(|f| f.shipped_at.is_some());
        let delivered = order.fulfillment_status == FulfillmentStatus::Delivered;
        Self {
            confirmed: first(self.confirmed, order.confirmed),
            paid: first(self.paid, paid),
            shipped: first(self.shipped, shipped),
            delivered: first(self.delivered, delivered),
            return_requested: first(self.return_requested, !order.returns.is_empty()),
            refunded: first(self.refunded, order.totals.refunded > 0),
            cancelled: first(self.cancelled, order.status == OrderStatus::Cancelled),
        }
    }
}

/// When something happened: the business time where the event has one, else
/// the time at which it was recorded.
pub(super) fn happened_at(fact: &Fact, recorded: OffsetDateTime) -> OffsetDateTime {
    let occurred = match fact {
        Fact::OrderPlaced(e) => Some(e.placed_at),
        Fact::OrderImported(e) => Some(e.placed_at),
        Fact::OrderCancelled(e) => e.occurred_at,
        Fact::PaymentCaptured(e) => e.occurred_at,
        Fact::RefundIssued(e) => e.occurred_at,
        Fact::ChargebackRecorded(e) => e.occurred_at,
        Fact::FulfillmentShipped(e) => e.occurred_at,
        Fact::FulfillmentDelivered(e) => e.occurred_at,
        _ => None,
    };
    micros(occurred.unwrap_or(recorded))
}

fn micros(at: OffsetDateTime) -> OffsetDateTime {
    let nanosecond = at.nanosecond() / 1_000 * 1_000;
    // A multiple of 1,000 below a second is a nanosecond.
    at.replace_nanosecond(nanosecond).unwrap_or(at)
}
