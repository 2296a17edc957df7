//! Why a command is refused: a variant with a stable code and the figures
//! that explain it.

mod told;

use crate::{platform::RulesRefusal, shipping::Mismatch};
use contracts::order::{FulfillmentState, Kind, ReturnState, UnitPrice};
use uuid::Uuid;

/// A part of an order that a command names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is the part it names")]
pub enum Part {
    Line,
    Discount,
    Hold,
    Payment,
    Capture,
    Refund,
    Fulfillment,
    Return,
}

/// A refused command. Nothing is stored. Amounts in minor units.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each figure is explained by its message")]
pub enum Rejection {
    // --- which order ------------------------------------------------------
    #[error("there is no such order")]
    OrderNotFound,
    #[error("the external id is taken by another order")]
    ExternalIdTaken { order_id: Uuid },
    #[error("the order was imported before with other content")]
    ImportDiffers { order_id: Uuid },
    #[error("the command does not apply to this kind of order")]
    NotForKind { kind: Kind },
    #[error("the order is still a draft")]
    OrderIsDraft,
    #[error("the order is not a draft")]
    OrderNotDraft,
    #[error("the order is cancelled")]
    OrderIsCancelled,
    #[error("the order has no {} {id}", part.name())]
    NoSuchPart {
        part: Part,
        id: String,
        /// Where the body names it; none: the path does.
        pointer: Option<String>,
    },
    // --- the platform and its prices --------------------------------------
    #[error("there is no such platform")]
    PlatformUnknown { platform: String },
    #[error(transparent)]
    Rules(RulesRefusal),
    #[error("the price is not that of the catalogue")]
    PriceMismatch {
        /// Where the body has it.
        pointer: String,
        given: UnitPrice,
        /// What it costs now.
        current: UnitPrice,
    },
    #[error("the catalogue has no price for it on this platform in this currency")]
    PriceUnknown {
        /// Where the body has it, or should.
        pointer: String,
    },
    #[error("the platform's prices are those of the catalogue, and such a discount lowers them")]
    DiscountNotAllowed {
        /// Where the body has it, or should.
        pointer: String,
        /// How much of it may be given.
        allowed: i64,
    },
    // --- the quote of its shipping ----------------------------------------
    #[error("the platform ships for charges that were quoted, and there is no quote of this")]
    QuoteRequired {
        /// Where the body, or the draft, should have it; empty: it has no place for it.
        pointer: &'static str,
    },
    #[error("the quote was not made here, or was changed")]
    QuoteInvalid {
        /// Where the body has it.
        pointer: &'static str,
    },
    #[error("the quote's time is over")]
    QuoteExpired {
        /// Where the body, or the draft, has it.
        pointer: &'static str,
        /// Since when, RFC 3339.
        expired_at: String,
    },
    #[error("{mismatch}")]
    QuoteMismatch {
        /// Where the body, or the draft, has it.
        pointer: &'static str,
        /// What is another one.
        mismatch: Mismatch,
    },
    // --- content ----------------------------------------------------------
    #[error("an order needs at least one line")]
    NoLines,
    #[error("an order has at most {limit} lines")]
    TooManyLines { lines: usize, limit: usize },
    #[error("a quantity must be from 1 to {limit}, on credits from -{limit} to -1")]
    QuantityOutOfRange {
        line: usize,
        quantity: i64,
        limit: i64,
    },
    #[error("no line has a positive quantity: this is a stock movement, not an order")]
    NoPositiveQuantity,
    #[error("the quantities of a credit are negative")]
    CreditQuantityPositive { line: usize, quantity: i64 },
    #[error("a unit price must not be negative")]
    NegativePrice { line: usize },
    #[error("a discount must lie between zero and the amount of its line")]
    DiscountOutOfRange {
        line: usize,
        discount: i64,
        amount: i64,
    },
    #[error(
        "a tax must not be of the opposite sign to what it is on, nor exceed a price that includes it"
    )]
    TaxOutOfRange { line: usize, tax: i64 },
    #[error("a shipping charge must not be negative")]
    ShippingOutOfRange { amount: i64 },
    #[error("a tax on shipping must not be negative, nor exceed a charge that includes it")]
    ShippingTaxOutOfRange { tax: i64 },
    #[error("a shipping charge must not be negative")]
    NewShippingOutOfRange { amount: i64 },
    #[error("a unit price must not be negative")]
    NewNegativePrice,
    #[error("the amount is too large")]
    AmountOverflow {
        /// Index of the line; none for a sum over several.
        line: Option<usize>,
    },
    #[error("at most {limit} payments, refunds and fulfilments are imported with an order")]
    HistoryTooLong { parts: usize, limit: usize },
    #[error("an order has at most {limit} tags")]
    TooManyTags { limit: usize },
    #[error("an amount must be more than zero")]
    AmountNotPositive { amount: i64 },
    #[error("the order is in {expected}")]
    CurrencyMismatch { expected: String, given: String },
    #[error("a reason is needed")]
    ReasonRequired,
    #[error("each line is named once")]
    DuplicateLine { index: usize, line: String },
    #[error("a number of units must be from 1 to {limit}")]
    UnitsOutOfRange {
        index: usize,
        quantity: i64,
        limit: i64,
    },
    #[error("what happened to the order cannot have happened: {source}")]
    History {
        /// Where in the body.
        at: String,
        source: Box<Rejection>,
    },
    // --- editing ----------------------------------------------------------
    #[error("editing closed with the first fulfilment; only additions are taken")]
    EditingClosed { fulfillments: Vec<String> },
    #[error("the order is that of a customer already")]
    CustomerKnown { customer_id: String },
    #[error("a line cannot go below what is fulfilled or cancelled of it")]
    BelowFulfilled {
        requested: i64,
        fulfilled: i64,
        cancelled: i64,
    },
    #[error("a quantity must be from 1 to {limit}")]
    NewQuantityOutOfRange { quantity: i64, limit: i64 },
    #[error("a discount must lie between zero and the amount of its line")]
    NewDiscountOutOfRange { discount: i64, amount: i64 },
    #[error("a tax must not be negative, nor exceed a price that includes it")]
    NewTaxOutOfRange { tax: i64 },
    #[error("an order without lines is a cancelled order: cancel it")]
    LastLine,
    #[error("some of the line is fulfilled")]
    LineFulfilled { fulfilled: i64 },
    #[error("the discount exceeds what there is to discount")]
    DiscountExceedsAmount { requested: i64, available: i64 },
    // --- money ------------------------------------------------------------
    #[error("the capture exceeds what is authorised and not captured")]
    CaptureExceedsAuthorized { requested: i64, capturable: i64 },
    #[error("the refund exceeds what is captured and not refunded")]
    RefundExceedsCaptured { requested: i64, refundable: i64 },
    #[error("the refund exceeds what was paid too much")]
    RefundExceedsOverpayment { requested: i64, overpaid: i64 },
    #[error("the credit exceeds what the order costs")]
    CreditExceedsTotal { requested: i64, creditable: i64 },
    #[error("the chargeback exceeds what is captured and not charged back")]
    ChargebackExceedsCaptured { requested: i64, chargeable: i64 },
    #[error("something is captured of the payment, or being captured")]
    PaymentCaptured { captured: i64, pending: i64 },
    #[error("the payment was voided or failed")]
    PaymentEnded,
    #[error("a refund for a return names the return, and only such a one does")]
    PurposeNeedsReturn,
    #[error("the outcome is known already")]
    AlreadySettled { id: String },
    // --- goods out --------------------------------------------------------
    #[error("the line has fewer units that are neither fulfilled nor cancelled")]
    ExceedsOpen {
        index: usize,
        line: String,
        requested: i64,
        open: i64,
    },
    #[error("nothing is left to fulfil")]
    NothingToFulfill,
    #[error("a hold is on")]
    OnHold { holds: Vec<String> },
    #[error("the order is neither paid nor authorised in full")]
    Unpaid { covered: i64, needed: i64 },
    #[error("the fulfilment does not allow it")]
    FulfillmentNot {
        /// What it would have to be.
        needed: FulfillmentState,
        status: FulfillmentState,
    },
    // --- cancelling -------------------------------------------------------
    #[error("some of it is fulfilled; cancel those fulfilments first, or single lines")]
    FulfillmentsLive { fulfillments: Vec<String> },
    #[error("a return is open")]
    ReturnsOpen { returns: Vec<String> },
    // --- goods back -------------------------------------------------------
    #[error("fewer units were shipped and not yet asked back")]
    ReturnExceedsShipped {
        index: usize,
        line: String,
        requested: i64,
        returnable: i64,
    },
    #[error("fewer units are still expected")]
    ReceiveExceedsRequested {
        index: usize,
        line: String,
        received: i64,
        expected: i64,
    },
    #[error("the return does not allow it")]
    ReturnNot {
        /// What it would have to be.
        needed: ReturnState,
        status: ReturnState,
    },
    #[error("goods of the return came back already")]
    ReturnBegun { received: i64 },
    #[error("another order replaces the goods of the return")]
    ExchangeTaken { exchange_order_id: Uuid },
}

/// Which answer a rejection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionKind {
    /// There is nothing to command (404).
    NotFound,
    /// The order's state forbids it (409).
    Conflict,
    /// The command's content forbids it (422).
    Invalid,
}

impl Part {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Discount => "discount",
            Self::Hold => "hold",
            Self::Payment => "payment",
            Self::Capture => "capture",
            Self::Refund => "refund",
            Self::Fulfillment => "fulfilment",
            Self::Return => "return",
        }
    }
}

impl Rejection {
    /// A part that the order does not have.
    pub fn no_such(part: Part, id: &str, pointer: Option<String>) -> Self {
        Self::NoSuchPart {
            part,
            id: id.to_owned(),
            pointer,
        }
    }

    /// The same where the body is the line and not a whole order.
    #[must_use]
    pub fn of_line_alone(self) -> Self {
        match self {
            Self::QuantityOutOfRange {
                quantity, limit, ..
            } => Self::NewQuantityOutOfRange { quantity, limit },
            Self::NegativePrice { .. } => Self::NewNegativePrice,
            Self::DiscountOutOfRange {
                discount, amount, ..
            } => Self::NewDiscountOutOfRange { discount, amount },
            Self::TaxOutOfRange { tax, .. } => Self::NewTaxOutOfRange { tax },
            Self::AmountOverflow { .. } => Self::AmountOverflow { line: None },
            other => other,
        }
    }

    /// The same where the body is the shipping choice and not a whole order.
    #[must_use]
    pub fn of_shipping_alone(self) -> Self {
        match self {
            Self::ShippingOutOfRange { amount } => Self::NewShippingOutOfRange { amount },
            Self::ShippingTaxOutOfRange { tax } => Self::NewTaxOutOfRange { tax },
            other => other,
        }
    }
}
