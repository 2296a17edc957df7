//! `POST /v1/orders/{id}/credits`: let an order cost less.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{AMOUNT, LIVE_SALE, OnOrder, answers},
};
use domain::{
    money::Currency,
    order::command::{GrantCredit, Sum},
    text::{Id, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// A credit.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": 300, "reason": "scratched"}))]
pub struct CreditBody {
    /// How much less the order costs, minor units.
    amount: i64,
    /// ISO 4217 code that `amount` is believed to be in; refused where it is
    /// not the order's.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// The return it is for.
    #[schema(value_type = Option<String>)]
    return_id: Option<Id>,
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
}

answers!(Answers: 200 "Granted"; LIVE_SALE, AMOUNT, &["422:return_not_found", "credit_exceeds_total"]);

/// Grant a credit
///
/// The order costs that much less; no money moves. The answer has the credit's id in
/// `credit_id`.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/credits",
    operation_id = "grant_credit",
    tag = "money",
    params(OnOrder),
    request_body = CreditBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<CreditBody>) -> Result<Answer, Problem> {
    let command = GrantCredit {
        sum: Sum {
            amount: body.amount,
            currency: body.currency,
        },
        return_id: body.return_id,
        reason: body.reason,
    };
    call.carry_out(command).await
}
