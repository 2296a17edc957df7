//! `POST /v1/orders/{id}/release`: lift a hold, or all of them.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{ANY, OnOrder, answers},
};
use domain::{
    order::command::ReleaseHold,
    text::{Id, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// Which hold is lifted.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"hold_id": "h1", "reason": "address confirmed"}))]
pub struct ReleaseBody {
    /// Id or handle of the hold; all of them, if absent.
    #[schema(value_type = Option<String>)]
    hold_id: Option<Id>,
    /// Why, in words. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
}

answers!(Answers: 200 "Released"; ANY, &["hold_not_found"]);

/// Release an order
///
/// Lifts one hold, or all of them. A hold that was lifted before changes nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/release",
    operation_id = "release_order",
    tag = "orders",
    params(OnOrder),
    request_body = ReleaseBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReleaseBody>) -> Result<Answer, Problem> {
    let command = ReleaseHold {
        hold: body.hold_id,
        reason: body.reason,
    };
    call.carry_out(command).await
}
