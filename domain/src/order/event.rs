//! Events: what happened to an order, as the log keeps it.

use contracts::order::{
    AddressChanged, CaptureFailed, CaptureRequested, ChargebackRecorded, CreditGranted,
    CustomerAssigned, CustomerLinked, DiscountApplied, DiscountRemoved, DraftCreated, DraftUpdated,
    Fact, FulfillmentCancelled, FulfillmentCreated, FulfillmentDelivered, FulfillmentShipped,
    HoldPlaced, HoldReleased, InvoiceIssued, LineAdded, LineQuantityChanged, LineRemoved,
    LinesCancelled, NoteAdded, OrderArchived, OrderCancelled, OrderConfirmed, OrderImported,
    OrderPlaced, OrderUnarchived, PaymentAuthorized, PaymentCaptured, PaymentFailed, PaymentVoided,
    PersonalDataErased, RefundFailed, RefundIssued, RefundRequested, ReturnApproved,
    ReturnCancelled, ReturnClosed, ReturnDeclined, ReturnExchanged, ReturnReceived,
    ReturnRequested, ShippingChanged, Tagged, TrackingUpdated, Untagged,
};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

macro_rules! events {
    ($($name:ident = $type:literal),+ $(,)?) => {
        // The variants and the fields of their payloads are the storage format
        // of the log: never rename or remove one. A change is a new version
        // with an upcaster (`upcast.rs`). Payloads are those of the published
        // contract; where the two have to differ one day, the event gets a
        // payload of its own here and a mapping in `contract.rs`.
        /// Any event of an order.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "each variant is the payload it names")]
        pub enum OrderEvent {
            $($name(Box<$name>)),+
        }

        $(impl From<$name> for OrderEvent {
            fn from(payload: $name) -> Self {
                Self::$name(Box::new(payload))
            }
        })+

        impl From<OrderEvent> for Fact {
            fn from(event: OrderEvent) -> Self {
                match event { $(OrderEvent::$name(payload) => Self::$name(payload)),+ }
            }
        }

        impl OrderEvent {
            /// Whether there is an event of this name.
            pub fn knows(name: &str) -> bool {
                [$(stringify!($name)),+].contains(&name)
            }

            /// Name in the log.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name)),+ }
            }
        }
    };
}
contracts::order_events!(events);

impl OrderEvent {
    /// Version of the format in which events of this name are written now.
    pub fn version_of(name: &str) -> &'static str {
        match name {
            "FulfillmentShipped" => "2",
            _ => "1",
        }
    }
}

impl DomainEvent for OrderEvent {
    fn event_type(&self) -> String {
        self.name().to_owned()
    }

    fn event_version(&self) -> String {
        Self::version_of(self.name()).to_owned()
    }
}
