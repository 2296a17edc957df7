//! The order document: what the read API serves, what a command answers, and
//! what the projection stores. One shape for all three.

use super::{
    parts::{
        Address, Customer, Discount, ExchangeOf, LineQuantity, Settlement, Shipping, Tracking,
        UnitPrice, values,
    },
    status::{
        FulfillmentState, FulfillmentStatus, Kind, MovementState, OrderStatus, PaymentState,
        PaymentStatus, RefundPurpose, ReturnState, ReturnStatus,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

values! {
    /// The sums of an order in minor units of its currency.
    /// `total = items − discounts + shipping + tax` over what is not cancelled;
    /// `balance_due = total − credited − captured + refunded + charged_back`.
    #[derive(Copy, Default)]
    pub struct Totals {
        /// Σ line amounts.
        pub items: i64,
        /// Σ discounts, on lines and on the order.
        pub discounts: i64,
        /// Shipping charge.
        pub shipping: i64,
        /// Σ taxes added to prices, that of shipping included; 0 where prices
        /// include their tax.
        pub tax: i64,
        /// Σ taxes that prices include; part of the other sums.
        pub included_tax: i64,
        /// What the order costs.
        pub total: i64,
        /// Value of returned goods and goodwill.
        pub credited: i64,
        /// Captured from the customer.
        pub captured: i64,
        /// Refunded to the customer.
        pub refunded: i64,
        /// Taken back by the customer's bank.
        pub charged_back: i64,
        /// What is still to be paid (negative: to be given back).
        pub balance_due: i64,
    }

    /// One line of an order. Amounts are in minor units and cover what is not
    /// cancelled of the line, so that the lines add up to the totals.
    pub struct Line {
        /// Local to the order: `l1`, `l2`, …
        pub id: String,
        /// Stock keeping unit as given.
        pub sku: String,
        /// Name as given; may be empty on an imported line.
        pub name: String,
        /// Ordered quantity; negative on credits.
        pub quantity: i64,
        /// Of `quantity`, how many were called off.
        pub cancelled_quantity: i64,
        /// Of `quantity`, how many are in a fulfilment that was not cancelled.
        pub fulfilled_quantity: i64,
        /// Of them, how many were shipped.
        pub shipped_quantity: i64,
        /// Of them, how many were delivered.
        pub delivered_quantity: i64,
        /// Of the shipped ones, how many are asked to come back, or came back.
        pub return_requested_quantity: i64,
        /// Of them, how many came back.
        pub returned_quantity: i64,
        /// Price of one.
        pub unit_price: UnitPrice,
        /// (Quantity − cancelled quantity) × unit price, rounded half-even once.
        pub amount: i64,
        /// The line's own discount.
        pub discount: i64,
        /// Its share of the order's `discounts`.
        pub allocated_discount: i64,
        /// Tax on the line.
        pub tax: i64,
    }

    /// That an order was called off.
    pub struct Cancellation {
        /// Why, where somebody said so. Personal data (free text).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        /// What was to be voided and refunded for it.
        pub settlement: Settlement,
        /// When.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub at: OffsetDateTime,
    }

    /// A note on an order. Its text is personal data (free text).
    pub struct Note {
        /// Local to the order: `n1`, `n2`, …
        pub id: String,
        /// What was noted.
        pub text: String,
        /// Who noted it.
        pub author: String,
        /// When the log recorded it.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub at: OffsetDateTime,
    }

    /// A payment. Amounts in minor units.
    pub struct Payment {
        /// Local to the order: `p1`, `p2`, …
        pub id: String,
        /// Where it stands.
        pub status: PaymentState,
        /// What may be captured.
        pub amount: i64,
        /// Captured of it.
        pub captured: i64,
        /// Given back of what was captured.
        pub refunded: i64,
        /// Taken back by the customer's bank.
        pub charged_back: i64,
        /// Who moves the money.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub provider: Option<String>,
        /// The provider's own id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reference: Option<String>,
        /// Captures, oldest first.
        pub captures: Vec<Capture>,
        /// When the log recorded it.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub at: OffsetDateTime,
    }

    /// A capture of a payment. Amounts in minor units.
    pub struct Capture {
        /// Local to the order: `c1`, `c2`, …
        pub id: String,
        /// Where it stands.
        pub status: MovementState,
        /// How much.
        pub amount: i64,
        /// When it came to stand there.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub at: OffsetDateTime,
    }

    /// A refund. Amounts in minor units.
    pub struct Refund {
        /// Local to the order: `rf1`, `rf2`, …
        pub id: String,
        /// Where it stands.
        pub status: MovementState,
        /// Payment that the money goes back to.
        pub payment: String,
        /// How much.
        pub amount: i64,
        /// What it is for.
        pub purpose: RefundPurpose,
        /// The return it is for.
        #[serde(rename = "return", default, skip_serializing_if = "Option::is_none")]
        pub return_id: Option<String>,
        /// Why. Personal data (free text).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        /// When it came to stand there.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub at: OffsetDateTime,
    }

    /// A credit without money: the order costs that much less. Minor units.
    pub struct Credit {
        /// Local to the order: `cr1`, `cr2`, …
        pub id: String,
        /// How much.
        pub amount: i64,
        /// The return it is for.
        #[serde(rename = "return", default, skip_serializing_if = "Option::is_none")]
        pub return_id: Option<String>,
        /// Why. Personal data (free text).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        /// When the log recorded it.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub at: OffsetDateTime,
    }

    /// Money that the customer's bank took back. Minor units.
    pub struct Chargeback {
        /// Local to the order: `cb1`, `cb2`, …
        pub id: String,
        /// Of which payment.
        pub payment: String,
        /// How much.
        pub amount: i64,
        /// Why. Personal data (free text).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        /// When.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub at: OffsetDateTime,
    }

    /// A fulfilment: goods that leave together.
    pub struct Fulfillment {
        /// Local to the order: `f1`, `f2`, …
        pub id: String,
        /// Where it stands.
        pub status: FulfillmentState,
        /// What is in it.
        pub lines: Vec<LineQuantity>,
        /// Where the parcel is.
        pub tracking: Tracking,
        /// When it was created.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub created_at: OffsetDateTime,
        /// When it was shipped.
        #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        pub shipped_at: Option<OffsetDateTime>,
        /// When it was delivered.
        #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        pub delivered_at: Option<OffsetDateTime>,
        /// When it was cancelled.
        #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        pub cancelled_at: Option<OffsetDateTime>,
    }

    /// A line of a return.
    pub struct ReturnLine {
        /// Id of the line.
        pub line: String,
        /// How many are to come back.
        pub quantity: i64,
        /// How many came back.
        pub received: i64,
        /// Of them, how many can be sold again.
        pub resellable: i64,
        /// Why. Personal data (free text).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
    }

    /// A return: goods that come back.
    pub struct Return {
        /// Local to the order: `r1`, `r2`, …
        pub id: String,
        /// Where it stands.
        pub status: ReturnState,
        /// What is to come back.
        pub lines: Vec<ReturnLine>,
        /// Why. Personal data (free text).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        /// Money given back for it, minor units.
        pub refunded: i64,
        /// Credited for it without money, minor units.
        pub credited: i64,
        /// The order that replaces its goods.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub exchange_order_id: Option<Uuid>,
        /// When it was asked for.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub requested_at: OffsetDateTime,
    }

    /// A hold: nothing is shipped until it is released.
    pub struct Hold {
        /// Local to the order: `h1`, `h2`, …
        pub id: String,
        /// The caller's own name for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub handle: Option<String>,
        /// Why. Personal data (free text).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<String>,
        /// When the log recorded it.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub at: OffsetDateTime,
    }

    /// One order, whole.
    pub struct Order {
        /// Order id.
        pub id: Uuid,
        /// Number for people, unique per platform.
        pub number: String,
        /// How many events made it what it is.
        pub version: i64,
        /// Slug of the sales channel.
        pub platform: String,
        /// The platform's own id of the order.
        pub external_id: Option<String>,
        /// Sale, credit or adjustment.
        pub kind: Kind,
        /// ISO 4217 code; every amount of the order is in its minor units.
        pub currency: String,
        /// Whether prices contain their tax; else it is added to them.
        pub prices_include_tax: bool,
        /// Order axis.
        pub status: OrderStatus,
        /// Payment axis.
        pub payment_status: PaymentStatus,
        /// Fulfilment axis.
        pub fulfillment_status: FulfillmentStatus,
        /// Return axis.
        pub return_status: ReturnStatus,
        /// Whether it was confirmed.
        pub confirmed: bool,
        /// Whether it is out of the way.
        pub archived: bool,
        /// Who it is for.
        pub customer: Option<Customer>,
        /// Shipping country, else billing country, else `ZZ`.
        pub country: String,
        /// Where the bill goes.
        pub billing_address: Option<Address>,
        /// Where the goods go.
        pub shipping_address: Option<Address>,
        /// What was ordered.
        pub lines: Vec<Line>,
        /// How it is shipped.
        pub shipping: Option<Shipping>,
        /// Discounts granted after it was placed.
        pub discounts: Vec<Discount>,
        /// Sums.
        pub totals: Totals,
        /// Payments, oldest first.
        pub payments: Vec<Payment>,
        /// Refunds, oldest first.
        pub refunds: Vec<Refund>,
        /// Credits without money, oldest first.
        pub credits: Vec<Credit>,
        /// Chargebacks, oldest first.
        pub chargebacks: Vec<Chargeback>,
        /// Fulfilments, oldest first.
        pub fulfillments: Vec<Fulfillment>,
        /// Returns, oldest first.
        pub returns: Vec<Return>,
        /// Holds that are on, oldest first.
        pub holds: Vec<Hold>,
        /// Labels, sorted.
        pub tags: Vec<String>,
        /// Notes, oldest first.
        pub notes: Vec<Note>,
        /// Set once the order is cancelled.
        pub cancellation: Option<Cancellation>,
        /// The return whose goods it replaces.
        pub exchange_of: Option<ExchangeOf>,
        /// Number of its invoice, once it has one.
        pub invoice_number: Option<i64>,
        /// When personal data of it was erased, last.
        #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        pub personal_data_erased_at: Option<OffsetDateTime>,
        /// When the log first recorded it.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub created_at: OffsetDateTime,
        /// Business time; in the past for imports, none for drafts. Statistics
        /// go by it.
        #[serde(with = "time::serde::rfc3339::option")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        pub placed_at: Option<OffsetDateTime>,
        /// When the log last recorded a change.
        #[serde(with = "time::serde::rfc3339")]
        #[schemars(with = "String", extend("format" = "date-time"))]
        pub updated_at: OffsetDateTime,
    }
}
