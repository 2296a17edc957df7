//! The status axes. They are derived by the domain
//! at append; nobody else derives them again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Makes a wire enum whose `as_str` and `ALL` agree with its JSON form.
macro_rules! wire_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:tt),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, ToSchema)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every value, in the order of the lifecycle.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The value as it stands in JSON, in columns and in filters.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = ();
            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }
    };
}

wire_enum! {
    /// What kind of document the order is.
    Kind {
        /// A sale.
        Order = "order",
        /// An imported credit note: amounts are negative.
        Credit = "credit",
        /// An imported correction of either sign.
        Adjustment = "adjustment",
    }
}
wire_enum! {
    /// The order axis.
    OrderStatus {
        /// Being put together.
        Draft = "draft",
        /// Binding.
        Placed = "placed",
        /// Called off.
        Cancelled = "cancelled",
    }
}
wire_enum! {
    /// The payment axis, derived from captures, refunds and the balance.
    PaymentStatus {
        /// Nothing authorised or paid.
        None = "none",
        /// Authorised, nothing captured.
        Authorized = "authorized",
        /// Captured less than the total.
        PartiallyPaid = "partially_paid",
        /// Captured the total.
        Paid = "paid",
        /// Some of what was captured went back.
        PartiallyRefunded = "partially_refunded",
        /// All of what was captured went back.
        Refunded = "refunded",
        /// Captured more than the total.
        Overpaid = "overpaid",
        /// The authorisation was given up.
        Voided = "voided",
    }
}
wire_enum! {
    /// The fulfilment axis, derived from the fulfilments.
    FulfillmentStatus {
        /// Nothing in a fulfilment.
        Unfulfilled = "unfulfilled",
        /// Some of it.
        Partial = "partial",
        /// All of it.
        Fulfilled = "fulfilled",
        /// All of it at the customer's.
        Delivered = "delivered",
        /// There is nothing to fulfil (credits and adjustments).
        None = "none",
    }
}
wire_enum! {
    /// The return axis: the state of the least advanced open return.
    ReturnStatus {
        /// No return.
        None = "none",
        /// Asked for.
        Requested = "requested",
        /// Allowed.
        Approved = "approved",
        /// Refused.
        Declined = "declined",
        /// Goods came back.
        Received = "received",
        /// Money went back.
        Refunded = "refunded",
        /// Done.
        Closed = "closed",
    }
}
wire_enum! {
    /// State of one payment.
    PaymentState {
        /// Authorised, nothing captured.
        Authorized = "authorized",
        /// Some of it captured.
        PartiallyCaptured = "partially_captured",
        /// All of it captured.
        Captured = "captured",
        /// Given up before anything was captured.
        Voided = "voided",
        /// Refused by the provider.
        Failed = "failed",
    }
}
wire_enum! {
    /// State of a capture or a refund. A pending one reserves its amount.
    MovementState {
        /// A provider is acting on it.
        Pending = "pending",
        /// The money moved.
        Succeeded = "succeeded",
        /// It did not.
        Failed = "failed",
    }
}
wire_enum! {
    /// What a refund is for. Returns and goodwill credit the order with the
    /// same amount; the others do not.
    RefundPurpose {
        /// Goods came back.
        Return = "return",
        /// A courtesy.
        Goodwill = "goodwill",
        /// More was captured than the order costs.
        Overpayment = "overpayment",
        /// Lines or the whole order were called off.
        Cancellation = "cancellation",
    }
}
wire_enum! {
    /// State of one fulfilment.
    FulfillmentState {
        /// Being packed.
        Open = "open",
        /// On its way.
        Shipped = "shipped",
        /// At the customer's.
        Delivered = "delivered",
        /// Called off before it was shipped.
        Cancelled = "cancelled",
    }
}
wire_enum! {
    /// State of one return.
    ReturnState {
        /// Asked for.
        Requested = "requested",
        /// Allowed.
        Approved = "approved",
        /// Refused.
        Declined = "declined",
        /// Some or all of the goods came back.
        Received = "received",
        /// Money went back for it.
        Refunded = "refunded",
        /// Done.
        Closed = "closed",
        /// Called off before anything came back.
        Cancelled = "cancelled",
    }
}
wire_enum! {
    /// Which address of an order.
    AddressKind {
        /// Where the goods go.
        Shipping = "shipping",
        /// Where the bill goes.
        Billing = "billing",
    }
}
