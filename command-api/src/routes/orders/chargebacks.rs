//! `POST /v1/orders/{id}/chargebacks`: record that the customer's bank took money back.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{AMOUNT, OnOrder, SALE, answers},
};
use domain::{
    money::Currency,
    order::command::{RecordChargeback, Sum},
    text::{Id, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// A chargeback.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"payment_id": "p1", "amount": 1929, "reason": "card reported stolen"}))]
pub struct ChargebackBody {
    /// Of which payment.
    #[schema(value_type = String)]
    payment_id: Id,
    /// How much, minor units.
    amount: i64,
    /// ISO 4217 code that `amount` is believed to be in; refused where it is
    /// not the order's.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
}

answers!(Answers: 200 "Recorded"; SALE, AMOUNT, &["422:payment_not_found", "chargeback_exceeds_captured"]);

/// Record a chargeback
///
/// At most what is captured of the payment and not charged back. The answer has the
/// chargeback's id in `chargeback_id`.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/chargebacks",
    operation_id = "record_chargeback",
    tag = "money",
    params(OnOrder),
    request_body = ChargebackBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ChargebackBody>) -> Result<Answer, Problem> {
    let command = RecordChargeback {
        payment: body.payment_id,
        sum: Sum {
            amount: body.amount,
            currency: body.currency,
        },
        reason: body.reason,
    };
    call.carry_out(command).await
}
