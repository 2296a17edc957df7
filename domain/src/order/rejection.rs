//! Why a command is refused: a variant with a stable code and the figures
//! that explain it.

use contracts::order::Kind;
use uuid::Uuid;

/// A refused command. Nothing is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is no such order.
    #[error("there is no such order")]
    OrderNotFound,
    /// The platform's external id belongs to an order that another command made.
    #[error("the external id is taken by another order")]
    ExternalIdTaken {
        /// That order.
        order_id: Uuid,
    },
    /// The order has been imported before, with other content.
    #[error("the order was imported before with other content")]
    ImportDiffers {
        /// That order.
        order_id: Uuid,
    },
    /// An order needs at least one line.
    #[error("an order needs at least one line")]
    NoLines,
    /// More lines than an order may have.
    #[error("an order has at most {limit} lines")]
    TooManyLines {
        /// How many came.
        lines: usize,
        /// How many may come.
        limit: usize,
    },
    /// A quantity that makes no sense on this kind of order.
    #[error("a quantity must be from 1 to {limit}, on credits from -{limit} to -1")]
    QuantityOutOfRange {
        /// Index of the line.
        line: usize,
        /// What came.
        quantity: i64,
        /// Largest absolute value.
        limit: i64,
    },
    /// None of the lines adds anything: a movement of stock, not an order.
    #[error("no line has a positive quantity: this is a stock movement, not an order")]
    NoPositiveQuantity,
    /// A credit gives back: its quantities are negative.
    #[error("the quantities of a credit are negative")]
    CreditQuantityPositive {
        /// Index of the line.
        line: usize,
        /// What came.
        quantity: i64,
    },
    /// A price below zero on a sale or a credit.
    #[error("a unit price must not be negative")]
    NegativePrice {
        /// Index of the line.
        line: usize,
    },
    /// A discount of the wrong sign, or larger than the line.
    #[error("a discount must lie between zero and the amount of its line")]
    DiscountOutOfRange {
        /// Index of the line.
        line: usize,
        /// What came, minor units.
        discount: i64,
        /// The line's amount, minor units.
        amount: i64,
    },
    /// A tax of the wrong sign.
    #[error("a tax must not be of the opposite sign to what it is on")]
    TaxOutOfRange {
        /// Index of the line; none for shipping.
        line: Option<usize>,
        /// What came, minor units.
        tax: i64,
    },
    /// A shipping charge of the wrong sign.
    #[error("a shipping charge must not be negative")]
    ShippingOutOfRange {
        /// What came, minor units.
        amount: i64,
    },
    /// A sum beyond 64 bits of minor units.
    #[error("the amount is too large")]
    AmountOverflow {
        /// Index of the line; none for a sum over several.
        line: Option<usize>,
    },
    /// More tags than an order may have.
    #[error("an order has at most {limit} tags")]
    TooManyTags {
        /// How many may come.
        limit: usize,
    },
    /// The command makes no sense for credits and adjustments.
    #[error("the command does not apply to this kind of order")]
    NotForKind {
        /// Kind of the order.
        kind: Kind,
    },
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

impl Rejection {
    /// Stable code for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OrderNotFound => "order_not_found",
            Self::ExternalIdTaken { .. } => "external_id_taken",
            Self::ImportDiffers { .. } => "import_differs",
            Self::NoLines => "no_lines",
            Self::TooManyLines { .. } => "too_many_lines",
            Self::QuantityOutOfRange { .. } => "quantity_out_of_range",
            Self::NoPositiveQuantity => "no_positive_quantity",
            Self::CreditQuantityPositive { .. } => "credit_quantity_positive",
            Self::NegativePrice { .. } => "negative_price",
            Self::DiscountOutOfRange { .. } => "discount_out_of_range",
            Self::TaxOutOfRange { .. } => "tax_out_of_range",
            Self::ShippingOutOfRange { .. } => "shipping_out_of_range",
            Self::AmountOverflow { .. } => "amount_overflow",
            Self::TooManyTags { .. } => "too_many_tags",
            Self::NotForKind { .. } => "not_for_kind",
        }
    }

    /// Which answer it is.
    pub const fn kind(&self) -> RejectionKind {
        match self {
            Self::OrderNotFound => RejectionKind::NotFound,
            Self::ExternalIdTaken { .. } | Self::ImportDiffers { .. } | Self::NotForKind { .. } => {
                RejectionKind::Conflict
            }
            _ => RejectionKind::Invalid,
        }
    }

    /// JSON Pointer to the offending part of the command, where there is one.
    pub fn pointer(&self) -> Option<String> {
        let field = |line: usize, name: &str| Some(format!("/lines/{line}/{name}"));
        match self {
            Self::NoLines | Self::TooManyLines { .. } | Self::NoPositiveQuantity => {
                Some("/lines".to_owned())
            }
            Self::QuantityOutOfRange { line, .. } | Self::CreditQuantityPositive { line, .. } => {
                field(*line, "quantity")
            }
            Self::NegativePrice { line } => field(*line, "unit_price"),
            Self::DiscountOutOfRange { line, .. } => field(*line, "discount"),
            Self::TaxOutOfRange { line: Some(l), .. } => field(*l, "tax"),
            Self::TaxOutOfRange { line: None, .. } => Some("/shipping/tax".to_owned()),
            Self::ShippingOutOfRange { .. } => Some("/shipping/amount".to_owned()),
            Self::AmountOverflow { line: Some(l) } => Some(format!("/lines/{l}")),
            Self::TooManyTags { .. } => Some("/tags".to_owned()),
            _ => None,
        }
    }

    /// The figures that explain it, by name.
    pub fn figures(&self) -> Vec<(&'static str, serde_json::Value)> {
        match self {
            Self::ExternalIdTaken { order_id } | Self::ImportDiffers { order_id } => {
                vec![("order_id", order_id.to_string().into())]
            }
            Self::TooManyLines { lines, limit } => {
                vec![("lines", (*lines).into()), ("limit", (*limit).into())]
            }
            Self::QuantityOutOfRange {
                quantity, limit, ..
            } => {
                vec![("quantity", (*quantity).into()), ("limit", (*limit).into())]
            }
            Self::CreditQuantityPositive { quantity, .. } => vec![("quantity", (*quantity).into())],
            Self::DiscountOutOfRange {
                discount, amount, ..
            } => {
                vec![
                    ("discount", (*discount).into()),
                    ("amount", (*amount).into()),
                ]
            }
            Self::TaxOutOfRange { tax, .. } => vec![("tax", (*tax).into())],
            Self::ShippingOutOfRange { amount } => vec![("amount", (*amount).into())],
            Self::TooManyTags { limit } => vec![("limit", (*limit).into())],
            Self::NotForKind { kind } => vec![("kind", kind.as_str().into())],
            _ => Vec::new(),
        }
    }
}
