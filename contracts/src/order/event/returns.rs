//! Goods back.

use crate::{
    order::parts::{LineQuantity, Reason, ReturnReasons, payloads},
    personal::Personal,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

payloads! {
    /// `order.return_requested`.
    pub struct ReturnRequested {
        /// Local to the order: `r1`, `r2`, …
        pub return_id: String,
        /// What is to come back, each line once.
        pub lines: Vec<LineQuantity>,
        /// Business time, where it is not that of the record.
        #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        pub occurred_at: Option<OffsetDateTime>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<ReturnReasons>>,
    }

    /// `order.return_approved`.
    pub struct ReturnApproved {
        /// Which one.
        pub return_id: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.return_declined`: its goods can be returned otherwise.
    pub struct ReturnDeclined {
        /// Which one.
        pub return_id: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// Units that came back.
    pub struct ReceivedLine {
        /// Which.
        #[serde(flatten)]
        pub received: LineQuantity,
        /// Whether they can be sold again.
        pub resellable: bool,
    }

    /// `order.return_received`: some or all of it came back.
    pub struct ReturnReceived {
        /// Which one.
        pub return_id: String,
        /// What came back this time.
        pub lines: Vec<ReceivedLine>,
    }

    /// `order.return_exchanged`: another order replaces its goods.
    pub struct ReturnExchanged {
        /// Which one.
        pub return_id: String,
        /// The order that replaces them.
        pub exchange_order_id: Uuid,
    }

    /// `order.return_closed`: what has not come back is not expected any more.
    pub struct ReturnClosed {
        /// Which one.
        pub return_id: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.return_cancelled`: called off before anything came back.
    pub struct ReturnCancelled {
        /// Which one.
        pub return_id: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }
}
