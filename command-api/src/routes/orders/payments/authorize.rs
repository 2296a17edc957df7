//! `POST /v1/orders/{id}/payments`: record an authorisation.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{AMOUNT, LIVE_SALE, OnOrder, answers},
};
use domain::{
    money::Currency,
    order::command::{AuthorizePayment, Sum},
    text::Id,
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// An authorisation.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": 1929, "provider": "stripe", "reference": "pi_3Q"}))]
pub struct AuthorizeBody {
    /// How much may be captured, minor units of the order's currency.
    amount: i64,
    /// ISO 4217 code that `amount` is believed to be in; refused where it is
    /// not the order's.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// Who moves the money.
    #[schema(value_type = Option<String>)]
    provider: Option<Id>,
    /// The provider's own id of the payment.
    #[schema(value_type = Option<String>)]
    reference: Option<Id>,
}

answers!(Answers: 200 "Authorised"; LIVE_SALE, AMOUNT);

/// Authorise a payment
///
/// Any amount: customers pay too much, or in parts. The answer has the payment's id
/// in `payment_id`.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/payments",
    operation_id = "authorize_payment",
    tag = "money",
    params(OnOrder),
    request_body = AuthorizeBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<AuthorizeBody>) -> Result<Answer, Problem> {
    let command = AuthorizePayment {
        sum: Sum {
            amount: body.amount,
            currency: body.currency,
        },
        provider: body.provider,
        reference: body.reference,
    };
    call.carry_out(command).await
}
