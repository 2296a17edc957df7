//! `POST /v1/orders/{id}/fulfillments`: pack goods.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{LIVE_SALE, OnOrder, UNITS, answers},
    request::LineUnitsBody,
};
use domain::order::command::CreateFulfillment;
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// What leaves together.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"line": "l1", "quantity": 2}]}))]
pub struct FulfillmentBody {
    /// Units of lines, each line once.
    lines: Vec<LineUnitsBody>,
}

answers!(Answers: 200 "Created"; LIVE_SALE, UNITS, &["exceeds_open", "nothing_to_fulfill"]);

/// Create a fulfilment
///
/// At most what is neither fulfilled nor cancelled of each line. The answer has the
/// fulfilment's id in `fulfillment_id`.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/fulfillments",
    operation_id = "create_fulfillment",
    tag = "goods",
    params(OnOrder),
    request_body = FulfillmentBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<FulfillmentBody>) -> Result<Answer, Problem> {
    let command = CreateFulfillment {
        lines: LineUnitsBody::units(body.lines),
    };
    call.carry_out(command).await
}
