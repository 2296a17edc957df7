//! Which rows of an order an event can change, beside that of the order
//! itself.

use contracts::order::Fact;

/// A part of an order's document that has a table of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// `order_lines`.
    Lines,
    /// Lines that the order has no more, and the table may have: nothing that an event
    /// tells by its type, but how many are left.
    FewerLines,
    /// `order_payments`.
    Payments,
    /// `order_refunds`.
    Refunds,
    /// `order_fulfillments`.
    Fulfillments,
    /// `order_returns`.
    Returns,
    /// `order_search`: not a list, but the words of several.
    Search,
    /// `order_customers`: whose it is, and was.
    Customer,
}

/// The parts that may be other ones after `fact`. Every fact is named, so that
/// a new one cannot be forgotten here.
pub const fn changed_by(fact: &Fact) -> &'static [Part] {
    match fact {
        Fact::DraftCreated(_)
        | Fact::DraftUpdated(_)
        | Fact::OrderPlaced(_)
        | Fact::OrderImported(_) => &[Part::Lines, Part::Search, Part::Customer],
        Fact::LineAdded(_) | Fact::LineRemoved(_) => &[Part::Lines, Part::Search],
        Fact::AddressChanged(_) => &[Part::Search],
        Fact::CustomerAssigned(_) | Fact::CustomerLinked(_) => &[Part::Search, Part::Customer],
        Fact::LineQuantityChanged(_)
        | Fact::DiscountApplied(_)
        | Fact::DiscountRemoved(_)
        | Fact::LinesCancelled(_)
        | Fact::OrderCancelled(_) => &[Part::Lines],
        Fact::PaymentAuthorized(_)
        | Fact::CaptureRequested(_)
        | Fact::PaymentCaptured(_)
        | Fact::CaptureFailed(_)
        | Fact::PaymentVoided(_)
        | Fact::PaymentFailed(_)
        | Fact::ChargebackRecorded(_) => &[Part::Payments],
        Fact::RefundRequested(_) | Fact::RefundFailed(_) => &[Part::Refunds],
        Fact::RefundIssued(_) => &[Part::Payments, Part::Refunds, Part::Returns],
        Fact::TrackingUpdated(_) => &[Part::Fulfillments],
        Fact::FulfillmentCreated(_)
        | Fact::FulfillmentShipped(_)
        | Fact::FulfillmentDelivered(_)
        | Fact::FulfillmentCancelled(_) => &[Part::Lines, Part::Fulfillments],
        Fact::CreditGranted(_) | Fact::ReturnApproved(_) | Fact::ReturnExchanged(_) => {
            &[Part::Returns]
        }
        Fact::ReturnRequested(_)
        | Fact::ReturnDeclined(_)
        | Fact::ReturnReceived(_)
        | Fact::ReturnClosed(_)
        | Fact::ReturnCancelled(_) => &[Part::Lines, Part::Returns],
        Fact::OrderConfirmed(_)
        | Fact::ShippingChanged(_)
        | Fact::HoldPlaced(_)
        | Fact::HoldReleased(_)
        | Fact::NoteAdded(_)
        | Fact::Tagged(_)
        | Fact::Untagged(_)
        | Fact::OrderArchived(_)
        | Fact::OrderUnarchived(_)
        | Fact::InvoiceIssued(_)
        | Fact::PersonalDataErased(_) => &[],
    }
}
