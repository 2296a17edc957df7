//! The status axes at a glance: what is done is green, what waits is amber, what failed
//! is red.

use crate::layout::badge;
use contracts::order::{FulfillmentStatus, OrderStatus, PaymentStatus, ReturnStatus};
use maud::Markup;

/// The order axis.
pub fn order(status: OrderStatus) -> Markup {
    let class = match status {
        OrderStatus::Draft => "",
        OrderStatus::Placed => "good",
        OrderStatus::Cancelled => "bad",
    };
    badge(status.as_str(), class)
}

/// The payment axis.
pub fn payment(status: PaymentStatus) -> Markup {
    let class = match status {
        PaymentStatus::Paid => "good",
        PaymentStatus::Authorized | PaymentStatus::PartiallyPaid | PaymentStatus::Overpaid => {
            "warm"
        }
        PaymentStatus::Voided => "bad",
        PaymentStatus::None | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => "",
    };
    let text = match status {
        PaymentStatus::None => "unpaid",
        other => other.as_str(),
    };
    badge(text, class)
}

/// The fulfilment axis.
pub fn fulfillment(status: FulfillmentStatus) -> Markup {
    let class = match status {
        FulfillmentStatus::Fulfilled | FulfillmentStatus::Delivered => "good",
        FulfillmentStatus::Partial => "warm",
        FulfillmentStatus::Unfulfilled | FulfillmentStatus::None => "",
    };
    let text = match status {
        FulfillmentStatus::None => "nothing to fulfil",
        other => other.as_str(),
    };
    badge(text, class)
}

/// The return axis.
pub fn returned(status: ReturnStatus) -> Markup {
    let class = match status {
        ReturnStatus::Requested | ReturnStatus::Approved | ReturnStatus::Received => "warm",
        ReturnStatus::Declined => "bad",
        ReturnStatus::Refunded | ReturnStatus::Closed => "good",
        ReturnStatus::None => "",
    };
    let text = match status {
        ReturnStatus::None => "no return",
        other => other.as_str(),
    };
    badge(text, class)
}
