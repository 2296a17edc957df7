//! What a caller is told of a rejection: code, kind, pointer, figures.

use super::{Part, Rejection, RejectionKind};
use crate::platform::RulesRefusal;
use serde_json::{Value, json};

type Figures = Vec<(&'static str, Value)>;

impl Rejection {
    /// Every code that [`Self::code`] can tell.
    pub const CODES: &[&str] = &[
        "order_not_found",
        "external_id_taken",
        "import_differs",
        "not_for_kind",
        "order_is_draft",
        "order_not_draft",
        "order_cancelled",
        "line_not_found",
        "discount_not_found",
        "hold_not_found",
        "payment_not_found",
        "capture_not_found",
        "refund_not_found",
        "fulfillment_not_found",
        "return_not_found",
        "platform_not_found",
        "platform_inactive",
        "platform_archived",
        "platform_currency",
        "price_mismatch",
        "price_unknown",
        "discount_not_allowed",
        "quote_required",
        "quote_invalid",
        "quote_expired",
        "quote_mismatch",
        "no_lines",
        "too_many_lines",
        "quantity_out_of_range",
        "no_positive_quantity",
        "credit_quantity_positive",
        "negative_price",
        "discount_out_of_range",
        "tax_out_of_range",
        "shipping_out_of_range",
        "amount_overflow",
        "too_many_tags",
        "history_too_long",
        "amount_not_positive",
        "currency_mismatch",
        "reason_required",
        "duplicate_line",
        "units_out_of_range",
        "editing_closed",
        "customer_known",
        "below_fulfilled",
        "line_fulfilled",
        "last_line",
        "discount_exceeds_amount",
        "capture_exceeds_authorized",
        "refund_exceeds_captured",
        "refund_exceeds_overpayment",
        "credit_exceeds_total",
        "chargeback_exceeds_captured",
        "payment_captured",
        "payment_ended",
        "purpose_needs_return",
        "already_settled",
        "exceeds_open",
        "nothing_to_fulfill",
        "on_hold",
        "unpaid",
        "wrong_fulfillment_status",
        "fulfillments_live",
        "returns_open",
        "return_exceeds_shipped",
        "receive_exceeds_requested",
        "wrong_return_status",
        "return_begun",
        "exchange_taken",
    ];

    /// Stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OrderNotFound => "order_not_found",
            Self::ExternalIdTaken { .. } => "external_id_taken",
            Self::ImportDiffers { .. } => "import_differs",
            Self::NotForKind { .. } => "not_for_kind",
            Self::OrderIsDraft => "order_is_draft",
            Self::OrderNotDraft => "order_not_draft",
            Self::OrderIsCancelled => "order_cancelled",
            Self::NoSuchPart { part, .. } => match part {
                Part::Line => "line_not_found",
                Part::Discount => "discount_not_found",
                Part::Hold => "hold_not_found",
                Part::Payment => "payment_not_found",
                Part::Capture => "capture_not_found",
                Part::Refund => "refund_not_found",
                Part::Fulfillment => "fulfillment_not_found",
                Part::Return => "return_not_found",
            },
            Self::PlatformUnknown { .. } => "platform_not_found",
            Self::Rules(RulesRefusal::PlatformInactive) => "platform_inactive",
            Self::Rules(RulesRefusal::PlatformArchived) => "platform_archived",
            Self::Rules(RulesRefusal::PlatformCurrency { .. }) => "platform_currency",
            Self::PriceMismatch { .. } => "price_mismatch",
            Self::PriceUnknown { .. } => "price_unknown",
            Self::DiscountNotAllowed { .. } => "discount_not_allowed",
            Self::QuoteRequired { .. } => "quote_required",
            Self::QuoteInvalid { .. } => "quote_invalid",
            Self::QuoteExpired { .. } => "quote_expired",
            Self::QuoteMismatch { .. } => "quote_mismatch",
            Self::NoLines => "no_lines",
            Self::TooManyLines { .. } => "too_many_lines",
            Self::QuantityOutOfRange { .. } | Self::NewQuantityOutOfRange { .. } => {
                "quantity_out_of_range"
            }
            Self::NoPositiveQuantity => "no_positive_quantity",
            Self::CreditQuantityPositive { .. } => "credit_quantity_positive",
            Self::NegativePrice { .. } | Self::NewNegativePrice => "negative_price",
            Self::DiscountOutOfRange { .. } | Self::NewDiscountOutOfRange { .. } => {
                "discount_out_of_range"
            }
            Self::TaxOutOfRange { .. }
            | Self::ShippingTaxOutOfRange { .. }
            | Self::NewTaxOutOfRange { .. } => "tax_out_of_range",
            Self::ShippingOutOfRange { .. } | Self::NewShippingOutOfRange { .. } => {
                "shipping_out_of_range"
            }
            Self::AmountOverflow { .. } => "amount_overflow",
            Self::TooManyTags { .. } => "too_many_tags",
            Self::HistoryTooLong { .. } => "history_too_long",
            Self::AmountNotPositive { .. } => "amount_not_positive",
            Self::CurrencyMismatch { .. } => "currency_mismatch",
            Self::ReasonRequired => "reason_required",
            Self::DuplicateLine { .. } => "duplicate_line",
            Self::UnitsOutOfRange { .. } => "units_out_of_range",
            Self::History { source, .. } => source.code(),
            Self::EditingClosed { .. } => "editing_closed",
            Self::CustomerKnown { .. } => "customer_known",
            Self::BelowFulfilled { .. } => "below_fulfilled",
            Self::LineFulfilled { .. } => "line_fulfilled",
            Self::LastLine => "last_line",
            Self::DiscountExceedsAmount { .. } => "discount_exceeds_amount",
            Self::CaptureExceedsAuthorized { .. } => "capture_exceeds_authorized",
            Self::RefundExceedsCaptured { .. } => "refund_exceeds_captured",
            Self::RefundExceedsOverpayment { .. } => "refund_exceeds_overpayment",
            Self::CreditExceedsTotal { .. } => "credit_exceeds_total",
            Self::ChargebackExceedsCaptured { .. } => "chargeback_exceeds_captured",
            Self::PaymentCaptured { .. } => "payment_captured",
            Self::PaymentEnded => "payment_ended",
            Self::PurposeNeedsReturn => "purpose_needs_return",
            Self::AlreadySettled { .. } => "already_settled",
            Self::ExceedsOpen { .. } => "exceeds_open",
            Self::NothingToFulfill => "nothing_to_fulfill",
            Self::OnHold { .. } => "on_hold",
            Self::Unpaid { .. } => "unpaid",
            Self::FulfillmentNot { .. } => "wrong_fulfillment_status",
            Self::FulfillmentsLive { .. } => "fulfillments_live",
            Self::ReturnsOpen { .. } => "returns_open",
            Self::ReturnExceedsShipped { .. } => "return_exceeds_shipped",
            Self::ReceiveExceedsRequested { .. } => "receive_exceeds_requested",
            Self::ReturnNot { .. } => "wrong_return_status",
            Self::ReturnBegun { .. } => "return_begun",
            Self::ExchangeTaken { .. } => "exchange_taken",
        }
    }

    /// Which answer it is.
    pub const fn kind(&self) -> RejectionKind {
        match self {
            Self::OrderNotFound | Self::NoSuchPart { pointer: None, .. } => RejectionKind::NotFound,
            Self::NoSuchPart { .. }
            | Self::PlatformUnknown { .. }
            | Self::Rules(RulesRefusal::PlatformCurrency { .. })
            | Self::PriceUnknown { .. }
            | Self::QuoteInvalid { .. }
            | Self::NoLines
            | Self::TooManyLines { .. }
            | Self::QuantityOutOfRange { .. }
            | Self::NoPositiveQuantity
            | Self::CreditQuantityPositive { .. }
            | Self::NegativePrice { .. }
            | Self::NewNegativePrice
            | Self::DiscountOutOfRange { .. }
            | Self::TaxOutOfRange { .. }
            | Self::ShippingTaxOutOfRange { .. }
            | Self::ShippingOutOfRange { .. }
            | Self::NewShippingOutOfRange { .. }
            | Self::NewQuantityOutOfRange { .. }
            | Self::NewDiscountOutOfRange { .. }
            | Self::NewTaxOutOfRange { .. }
            | Self::AmountOverflow { .. }
            | Self::TooManyTags { .. }
            | Self::HistoryTooLong { .. }
            | Self::AmountNotPositive { .. }
            | Self::CurrencyMismatch { .. }
            | Self::ReasonRequired
            | Self::DuplicateLine { .. }
            | Self::UnitsOutOfRange { .. }
            | Self::PurposeNeedsReturn
            | Self::History { .. } => RejectionKind::Invalid,
            _ => RejectionKind::Conflict,
        }
    }

    /// JSON Pointer to the offending part of the command, where there is one.
    pub fn pointer(&self) -> Option<String> {
        let field = |line: &usize, name: &str| format!("/lines/{line}/{name}");
        Some(match self {
            Self::NoSuchPart { pointer, .. } => return pointer.clone(),
            Self::PriceMismatch { pointer, .. }
            | Self::PriceUnknown { pointer }
            | Self::DiscountNotAllowed { pointer, .. } => pointer.clone(),
            Self::QuoteRequired { pointer: "" } => return None,
            Self::QuoteRequired { pointer }
            | Self::QuoteInvalid { pointer }
            | Self::QuoteExpired { pointer, .. }
            | Self::QuoteMismatch { pointer, .. } => (*pointer).to_owned(),
            Self::PlatformUnknown { .. }
            | Self::Rules(RulesRefusal::PlatformInactive | RulesRefusal::PlatformArchived) => {
                "/platform".to_owned()
            }
            Self::NoLines | Self::TooManyLines { .. } | Self::NoPositiveQuantity => {
                "/lines".to_owned()
            }
            Self::QuantityOutOfRange { line, .. }
            | Self::CreditQuantityPositive { line, .. }
            | Self::UnitsOutOfRange { index: line, .. }
            | Self::ExceedsOpen { index: line, .. }
            | Self::ReturnExceedsShipped { index: line, .. }
            | Self::ReceiveExceedsRequested { index: line, .. } => field(line, "quantity"),
            Self::DuplicateLine { index, .. } => field(index, "line"),
            Self::NegativePrice { line } => field(line, "unit_price"),
            Self::NewNegativePrice => "/unit_price".to_owned(),
            Self::DiscountOutOfRange { line, .. } => field(line, "discount"),
            Self::TaxOutOfRange { line, .. } => field(line, "tax"),
            Self::ShippingTaxOutOfRange { .. } => "/shipping/tax".to_owned(),
            Self::NewTaxOutOfRange { .. } => "/tax".to_owned(),
            Self::NewDiscountOutOfRange { .. } => "/discount".to_owned(),
            Self::ShippingOutOfRange { .. } => "/shipping/amount".to_owned(),
            Self::AmountOverflow { line: Some(l) } => format!("/lines/{l}"),
            Self::TooManyTags { .. } => "/tags".to_owned(),
            Self::AmountNotPositive { .. }
            | Self::NewShippingOutOfRange { .. }
            | Self::CaptureExceedsAuthorized { .. }
            | Self::RefundExceedsCaptured { .. }
            | Self::RefundExceedsOverpayment { .. }
            | Self::CreditExceedsTotal { .. }
            | Self::ChargebackExceedsCaptured { .. }
            | Self::DiscountExceedsAmount { .. } => "/amount".to_owned(),
            Self::CurrencyMismatch { .. } | Self::Rules(RulesRefusal::PlatformCurrency { .. }) => {
                "/currency".to_owned()
            }
            Self::ReasonRequired => "/reason".to_owned(),
            Self::BelowFulfilled { .. } | Self::NewQuantityOutOfRange { .. } => {
                "/quantity".to_owned()
            }
            Self::PurposeNeedsReturn => "/purpose".to_owned(),
            Self::History { at, source } => {
                format!("{at}{}", source.pointer().unwrap_or_default())
            }
            _ => return None,
        })
    }

    /// The figures that explain it, by name.
    pub fn figures(&self) -> Figures {
        match self {
            Self::ExternalIdTaken { order_id } | Self::ImportDiffers { order_id } => {
                vec![("order_id", json!(order_id))]
            }
            Self::NotForKind { kind } => vec![("kind", json!(kind))],
            Self::NoSuchPart { id, .. } | Self::AlreadySettled { id } => vec![("id", json!(id))],
            Self::TooManyLines { lines, limit } => {
                vec![("lines", json!(lines)), ("limit", json!(limit))]
            }
            Self::TooManyTags { limit } => vec![("limit", json!(limit))],
            Self::HistoryTooLong { parts, limit } => {
                vec![("parts", json!(parts)), ("limit", json!(limit))]
            }
            Self::History { source, .. } => source.figures(),
            Self::QuantityOutOfRange {
                quantity, limit, ..
            }
            | Self::UnitsOutOfRange {
                quantity, limit, ..
            }
            | Self::NewQuantityOutOfRange { quantity, limit } => {
                vec![("quantity", json!(quantity)), ("limit", json!(limit))]
            }
            Self::CreditQuantityPositive { quantity, .. } => vec![("quantity", json!(quantity))],
            Self::DiscountOutOfRange {
                discount, amount, ..
            }
            | Self::NewDiscountOutOfRange { discount, amount } => {
                vec![("discount", json!(discount)), ("amount", json!(amount))]
            }
            Self::TaxOutOfRange { tax, .. }
            | Self::ShippingTaxOutOfRange { tax }
            | Self::NewTaxOutOfRange { tax } => vec![("tax", json!(tax))],
            Self::ShippingOutOfRange { amount }
            | Self::NewShippingOutOfRange { amount }
            | Self::AmountNotPositive { amount } => vec![("amount", json!(amount))],
            Self::CurrencyMismatch { expected, given }
            | Self::Rules(RulesRefusal::PlatformCurrency { expected, given }) => {
                vec![("expected", json!(expected)), ("given", json!(given))]
            }
            Self::DuplicateLine { line, .. } => vec![("line", json!(line))],
            Self::PlatformUnknown { platform } => vec![("platform", json!(platform))],
            Self::QuoteExpired { expired_at, .. } => vec![("expired_at", json!(expired_at))],
            Self::QuoteMismatch { mismatch, .. } => {
                let mut figures = mismatch.figures();
                figures.insert(0, ("part", json!(mismatch.part())));
                figures
            }
            Self::PriceMismatch { given, current, .. } => {
                vec![("given", json!(given)), ("current", json!(current))]
            }
            Self::DiscountNotAllowed { allowed, .. } => vec![("allowed", json!(allowed))],
            _ => self.state_figures(),
        }
    }

    /// Figures of what the order's state forbids.
    fn state_figures(&self) -> Figures {
        match self {
            Self::EditingClosed { fulfillments } | Self::FulfillmentsLive { fulfillments } => {
                vec![("fulfillments", json!(fulfillments))]
            }
            Self::BelowFulfilled {
                requested,
                fulfilled,
                cancelled,
            } => vec![
                ("requested", json!(requested)),
                ("fulfilled", json!(fulfilled)),
                ("cancelled", json!(cancelled)),
            ],
            Self::CustomerKnown { customer_id } => vec![("customer_id", json!(customer_id))],
            Self::LineFulfilled { fulfilled } => vec![("fulfilled", json!(fulfilled))],
            Self::DiscountExceedsAmount {
                requested,
                available,
            } => asked(*requested, "available", *available),
            Self::CaptureExceedsAuthorized {
                requested,
                capturable,
            } => asked(*requested, "capturable", *capturable),
            Self::RefundExceedsCaptured {
                requested,
                refundable,
            } => asked(*requested, "refundable", *refundable),
            Self::RefundExceedsOverpayment {
                requested,
                overpaid,
            } => asked(*requested, "overpaid", *overpaid),
            Self::CreditExceedsTotal {
                requested,
                creditable,
            } => asked(*requested, "creditable", *creditable),
            Self::ChargebackExceedsCaptured {
                requested,
                chargeable,
            } => asked(*requested, "chargeable", *chargeable),
            Self::PaymentCaptured { captured, pending } => {
                vec![("captured", json!(captured)), ("pending", json!(pending))]
            }
            Self::ExceedsOpen {
                line,
                requested,
                open,
                ..
            } => with_line(line, asked(*requested, "open", *open)),
            Self::OnHold { holds } => vec![("holds", json!(holds))],
            Self::Unpaid { covered, needed } => {
                vec![("covered", json!(covered)), ("needed", json!(needed))]
            }
            Self::FulfillmentNot { needed, status } => {
                vec![("needed", json!(needed)), ("state", json!(status))]
            }
            Self::ReturnsOpen { returns } => vec![("returns", json!(returns))],
            Self::ReturnExceedsShipped {
                line,
                requested,
                returnable,
                ..
            } => with_line(line, asked(*requested, "returnable", *returnable)),
            Self::ReceiveExceedsRequested {
                line,
                received,
                expected,
                ..
            } => {
                let figures = vec![("received", json!(received)), ("expected", json!(expected))];
                with_line(line, figures)
            }
            Self::ReturnNot { needed, status } => {
                vec![("needed", json!(needed)), ("state", json!(status))]
            }
            Self::ReturnBegun { received } => vec![("received", json!(received))],
            Self::ExchangeTaken { exchange_order_id } => {
                vec![("exchange_order_id", json!(exchange_order_id))]
            }
            _ => Vec::new(),
        }
    }
}

fn asked(requested: i64, limit: &'static str, of: i64) -> Figures {
    vec![("requested", json!(requested)), (limit, json!(of))]
}

fn with_line(line: &str, mut figures: Figures) -> Figures {
    figures.insert(0, ("line", json!(line)));
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The texts of `code` itself, so that none is left out of the list.
    #[test]
    fn the_list_of_codes_is_complete() {
        let source = include_str!("told.rs");
        let (_, code) = source.split_once("pub fn code").expect("the function");
        let (code, _) = code.split_once("pub const fn").expect("the next one");
        let code = code
            .lines()
            .map(|line| line.split("//").next().unwrap_or_default());
        let code: String = code.collect();
        let told: BTreeSet<&str> = code.split('"').skip(1).step_by(2).collect();
        let listed: BTreeSet<&str> = Rejection::CODES.iter().copied().collect();
        assert_eq!(told, listed);
        assert_eq!(listed.len(), Rejection::CODES.len(), "one is there twice");
    }
}
