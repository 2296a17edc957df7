//! Goods out.

use crate::{
    order::parts::{LineQuantity, Reason, Tracking, payloads},
    personal::Personal,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

payloads! {
    /// `order.fulfillment_created`: these goods are being packed.
    pub struct FulfillmentCreated {
        /// Local to the order: `f1`, `f2`, …
        pub fulfillment_id: String,
        /// What is in it, each line once.
        pub lines: Vec<LineQuantity>,
    }

    /// `order.fulfillment_shipped`.
    pub struct FulfillmentShipped {
        /// Which one.
        pub fulfillment_id: String,
        /// Where the parcel is.
        pub tracking: Tracking,
        /// Shipped although neither paid nor authorised.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub forced: bool,
        /// Business time, where it is not that of the record.
        #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        pub occurred_at: Option<OffsetDateTime>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.tracking_updated`.
    pub struct TrackingUpdated {
        /// Which fulfilment.
        pub fulfillment_id: String,
        /// Where the parcel is.
        pub tracking: Tracking,
    }

    /// `order.fulfillment_delivered`.
    pub struct FulfillmentDelivered {
        /// Which one.
        pub fulfillment_id: String,
        /// Business time, where it is not that of the record.
        #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        pub occurred_at: Option<OffsetDateTime>,
    }

    /// `order.fulfillment_cancelled`: its goods can be fulfilled anew.
    pub struct FulfillmentCancelled {
        /// Which one.
        pub fulfillment_id: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }
}
