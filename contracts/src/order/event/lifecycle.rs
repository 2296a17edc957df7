//! Drafts, placing, holds, cancelling, notes, tags, the archive.

use crate::{
    order::{
        parts::{
            Discount, ExchangeOf, LineQuantity, NoteText, OrderPersonal, OrderedLine, Reason,
            Settlement, Shipping, payloads,
        },
        status::Kind,
    },
    personal::Personal,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

payloads! {
    /// What an order consists of. All of it is a copy: nothing refers to data
    /// that may change.
    pub struct Snapshot {
        /// Order id.
        pub order_id: Uuid,
        /// Number for people, unique per platform.
        pub number: String,
        /// Slug of the sales channel.
        pub platform: String,
        /// The platform's own id of the order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub external_id: Option<String>,
        /// ISO 4217 code.
        pub currency: String,
        /// Whether prices contain their tax; else it is added to them.
        pub prices_include_tax: bool,
        /// The platform's own id of the customer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub customer_id: Option<String>,
        /// Shipping country, else billing country, else `ZZ`.
        pub country: String,
        /// Country of the shipping address, if it names one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub shipping_country: Option<String>,
        /// Country of the billing address, if it names one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub billing_country: Option<String>,
        /// What is ordered.
        pub lines: Vec<OrderedLine>,
        /// How it is shipped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub shipping: Option<Shipping>,
        /// Labels, sorted, each once.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub tags: Vec<String>,
    }

    /// `order.draft_created`: an order is being put together.
    pub struct DraftCreated {
        /// What it consists of so far.
        pub order: Snapshot,
        /// Personal data.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<OrderPersonal>>,
    }

    /// `order.draft_updated`: a draft was changed; all of it anew.
    pub struct DraftUpdated {
        /// What it consists of now.
        pub order: Snapshot,
        /// Personal data.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<OrderPersonal>>,
    }

    /// `order.placed`: the order is binding.
    pub struct OrderPlaced {
        /// What it consists of.
        pub order: Snapshot,
        /// Business time.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub placed_at: OffsetDateTime,
        /// The return whose goods it replaces.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub exchange_of: Option<ExchangeOf>,
        /// Personal data.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<OrderPersonal>>,
    }

    /// `order.imported`: a fact from elsewhere.
    pub struct OrderImported {
        /// What it consists of.
        pub order: Snapshot,
        /// Sale, credit or adjustment.
        pub kind: Kind,
        /// Business time.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub placed_at: OffsetDateTime,
        /// How many of the following events came with the import.
        pub history: u32,
        /// Personal data.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<OrderPersonal>>,
    }

    /// `order.confirmed`: somebody, or the platform's rule, accepted it.
    pub struct OrderConfirmed {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.hold_placed`: nothing is shipped until it is released.
    pub struct HoldPlaced {
        /// Local to the order: `h1`, `h2`, …
        pub hold_id: String,
        /// The caller's own name for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub handle: Option<String>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.hold_released`.
    pub struct HoldReleased {
        /// Which one.
        pub hold_id: String,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// Units of a line that were called off, and what is left of its amounts.
    pub struct CancelledLine {
        /// Which units.
        #[serde(flatten)]
        pub cancelled: LineQuantity,
        /// What the rest of the line costs, minor units.
        pub amount: i64,
        /// Discount on the rest.
        pub discount: i64,
        /// Tax on the rest.
        pub tax: i64,
    }

    /// `order.lines_cancelled`: some of it was called off.
    pub struct LinesCancelled {
        /// What.
        pub lines: Vec<CancelledLine>,
        /// Discounts as they stand now.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub discounts: Vec<Discount>,
        /// What is to be given back for it.
        pub settlement: Settlement,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.cancelled`: all of it was called off.
    pub struct OrderCancelled {
        /// What is to be voided and given back for it.
        pub settlement: Settlement,
        /// Business time, where it is not that of the record.
        #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        pub occurred_at: Option<OffsetDateTime>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.note_added`.
    pub struct NoteAdded {
        /// Local to the order: `n1`, `n2`, …
        pub note_id: String,
        /// What was noted.
        pub personal: Personal<NoteText>,
    }

    /// `order.tagged`.
    pub struct Tagged {
        /// Label.
        pub tag: String,
    }

    /// `order.untagged`.
    pub struct Untagged {
        /// Label.
        pub tag: String,
    }

    /// `order.archived`: out of the way.
    pub struct OrderArchived {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.unarchived`.
    pub struct OrderUnarchived {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub personal: Option<Personal<Reason>>,
    }

    /// `order.invoice_issued`.
    pub struct InvoiceIssued {
        /// Without gaps per platform, from 1.
        pub invoice_number: i64,
    }

    /// `order.personal_data_erased`: keys that personal data of the order was
    /// sealed under were deleted. Whoever keeps a copy of what earlier events
    /// held, readable, is to erase it.
    pub struct PersonalDataErased {
        /// Ties together the orders of one erasure: the operation that it was.
        pub erasure_id: Uuid,
        /// Whose keys were deleted: what earlier events have under them
        /// (`personal.subject`) nobody can open any more.
        pub subjects: Vec<Uuid>,
        /// Who asked for it: id of an API key.
        pub requested_by: String,
        /// The requester's own name for the case, a ticket say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reference: Option<String>,
    }
}
