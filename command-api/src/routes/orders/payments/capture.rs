//! `POST /v1/orders/{id}/payments/{payment}/capture`: record, or ask for, a capture.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{AMOUNT, LIVE_SALE, OnOrder, answers},
    request::Time,
};
use domain::{
    money::Currency,
    order::{Part, command::CapturePayment},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// A capture.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": 1929}))]
pub struct CaptureBody {
    /// How much, minor units; all that is left, if absent.
    amount: Option<i64>,
    /// ISO 4217 code that `amount` is believed to be in; refused where it is
    /// not the order's.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// Only reserve the amount: somebody is acting on it.
    #[serde(default)]
    pending: bool,
    /// When it happened, where that is not now.
    #[schema(value_type = Option<String>, format = DateTime)]
    occurred_at: Option<Time>,
}

answers!(Answers: 200 "Captured, or reserved"; LIVE_SALE, AMOUNT, &["payment_not_found", "payment_ended", "capture_exceeds_authorized"]);

/// Capture a payment
///
/// At most what is authorised, not captured and not reserved. A pending one only
/// reserves the amount, until it succeeds or fails. The answer has the capture's id in
/// `capture_id`.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/payments/{payment}/capture",
    operation_id = "capture_payment",
    tag = "money",
    params(OnOrder, ("payment" = String, Path, description = "Id of the payment, e.g. `p1`")),
    request_body = CaptureBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<CaptureBody>) -> Result<Answer, Problem> {
    let command = CapturePayment {
        payment: call.part("payment", Part::Payment)?,
        amount: body.amount,
        currency: body.currency,
        pending: body.pending,
        occurred_at: body.occurred_at.map(Into::into),
    };
    call.carry_out(command).await
}
