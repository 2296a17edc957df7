//! `POST /v1/orders/{id}/refunds`: record, or ask for, a refund.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{AMOUNT, OnOrder, SALE, answers},
    request::{Time, required},
};
use contracts::order::RefundPurpose;
use domain::{
    money::Currency,
    order::command::{RefundPayment, Sum},
    text::{Id, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// A refund.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"payment_id": "p1", "amount": 500, "reason": "arrived late"}))]
pub struct RefundBody {
    /// Payment that the money goes back to.
    #[schema(value_type = String)]
    payment_id: Id,
    /// How much, minor units.
    amount: i64,
    /// Why, in words; needed. Personal data (free text).
    #[schema(value_type = String)]
    reason: Option<Words>,
    /// What it is for; `return` with a return, else `goodwill`, if absent.
    purpose: Option<RefundPurpose>,
    /// The return it is for.
    #[schema(value_type = Option<String>)]
    return_id: Option<Id>,
    /// Only reserve the amount: somebody is acting on it.
    #[serde(default)]
    pending: bool,
    /// ISO 4217 code that `amount` is believed to be in; refused where it is
    /// not the order's.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// When it happened, where that is not now.
    #[schema(value_type = Option<String>, format = DateTime)]
    occurred_at: Option<Time>,
}

answers!(Answers: 200 "Refunded, or reserved"; SALE, AMOUNT, &["422:payment_not_found", "422:return_not_found", "purpose_needs_return", "refund_exceeds_captured", "refund_exceeds_overpayment", "wrong_return_status", "reason_required"]);

/// Refund a payment
///
/// At most what is captured of the payment, not refunded and not reserved. For a
/// return or goodwill, which credits the order as much; or for what was paid too
/// much. A pending one only reserves the amount, until it succeeds or fails. The
/// answer has the refund's id in `refund_id`.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/refunds",
    operation_id = "refund_payment",
    tag = "money",
    params(OnOrder),
    request_body = RefundBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<RefundBody>) -> Result<Answer, Problem> {
    let command = RefundPayment {
        reason: Some(required(body.reason)?),
        payment: body.payment_id,
        sum: Sum {
            amount: body.amount,
            currency: body.currency,
        },
        purpose: body.purpose,
        return_id: body.return_id,
        pending: body.pending,
        occurred_at: body.occurred_at.map(Into::into),
    };
    call.carry_out(command).await
}
