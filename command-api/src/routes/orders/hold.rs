//! `POST /v1/orders/{id}/hold`: let nothing be shipped for now.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{LIVE_SALE, OnOrder, answers},
    request::required,
};
use domain::{
    order::command::PlaceHold,
    text::{Id, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// Why nothing is to be shipped.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "address looks wrong", "handle": "address-check"}))]
pub struct HoldBody {
    /// Why, in words; needed. Personal data (free text).
    #[schema(value_type = String)]
    reason: Option<Words>,
    /// The caller's own name for the hold.
    #[schema(value_type = Option<String>)]
    handle: Option<Id>,
}

answers!(Answers: 200 "On hold"; LIVE_SALE, &["reason_required"]);

/// Put an order on hold
///
/// Nothing is shipped until every hold is released. The answer has the new hold's
/// id in `hold_id`; a hold that is on under the same handle stays the only one.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/hold",
    operation_id = "hold_order",
    tag = "orders",
    params(OnOrder),
    request_body = HoldBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<HoldBody>) -> Result<Answer, Problem> {
    let command = PlaceHold {
        reason: required(body.reason)?,
        handle: body.handle,
    };
    call.carry_out(command).await
}
