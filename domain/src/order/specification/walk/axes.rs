//! The status axes, as the model derives them from its accounts.

use super::model::{Line, Model, Phase};
use contracts::order::{FulfillmentStatus, Kind, PaymentStatus, ReturnState, ReturnStatus};

impl Model {
    pub fn is_cancelled(&self) -> bool {
        self.phase == Phase::Cancelled
    }

    pub fn payment_status(&self) -> PaymentStatus {
        let totals = self.totals();
        let back = totals.refunded + totals.charged_back;
        let some = |ended: fn(&super::model::Payment) -> bool| self.payments.iter().any(ended);
        if !self.is_sale() {
            PaymentStatus::None
        } else if totals.captured > 0 {
            match (back, totals.balance_due) {
                (back, _) if back >= totals.captured => PaymentStatus::Refunded,
                (_, balance) if balance < 0 => PaymentStatus::Overpaid,
                (back, _) if back > 0 => PaymentStatus::PartiallyRefunded,
                (_, 0) => PaymentStatus::Paid,
                _ => PaymentStatus::PartiallyPaid,
            }
        } else if self.is_live_sale() && totals.balance_due <= 0 {
            PaymentStatus::Paid
        } else if some(|p| !p.ended()) {
            PaymentStatus::Authorized
        } else if some(|p| p.voided) {
            PaymentStatus::Voided
        } else {
            PaymentStatus::None
        }
    }

    pub fn fulfillment_status(&self) -> FulfillmentStatus {
        let total = |of: fn(&Line) -> i64| self.lines.iter().map(of).sum::<i64>();
        let (live, packed) = (total(Line::live), total(|l| l.fulfilled));
        if self.kind.is_some_and(|kind| kind != Kind::Order) {
            FulfillmentStatus::None
        } else if packed == 0 {
            FulfillmentStatus::Unfulfilled
        } else if packed < live {
            FulfillmentStatus::Partial
        } else if total(|l| l.delivered) == live {
            FulfillmentStatus::Delivered
        } else {
            FulfillmentStatus::Fulfilled
        }
    }

    /// The least advanced return that counts.
    pub fn return_status(&self) -> ReturnStatus {
        let rank = |state: ReturnState| match state {
            ReturnState::Requested => Some((1, ReturnStatus::Requested)),
            ReturnState::Approved => Some((2, ReturnStatus::Approved)),
            ReturnState::Received => Some((3, ReturnStatus::Received)),
            ReturnState::Refunded => Some((4, ReturnStatus::Refunded)),
            ReturnState::Closed => Some((5, ReturnStatus::Closed)),
            ReturnState::Declined => Some((6, ReturnStatus::Declined)),
            ReturnState::Cancelled => None,
        };
        let ranks = self.returns.iter().filter_map(|r| rank(r.state));
        ranks.min().map_or(ReturnStatus::None, |(_, status)| status)
    }
}
