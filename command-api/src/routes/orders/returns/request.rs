//! `POST /v1/orders/{id}/returns`: ask for goods to come back.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{LIVE_SALE, OnOrder, UNITS, answers},
};
use domain::{
    order::command::{LineUnits, RequestReturn},
    text::{Id, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is to come back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"line": "l1", "quantity": 1, "reason": "too small"}]}))]
pub struct ReturnBody {
    /// Units of lines, each line once.
    lines: Vec<ReturnLineBody>,
    /// Why, for the return as a whole. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
}

/// Some units of a line, and why they are to come back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnLineBody {
    /// Id of the line.
    #[schema(value_type = String)]
    line: Id,
    /// How many, at least 1.
    quantity: i64,
    /// Why. Personal data (free text).
    #[schema(value_type = Option<String>)]
    reason: Option<Words>,
}

impl ReturnLineBody {
    fn split(self) -> (LineUnits, Option<Words>) {
        let (line, quantity) = (self.line, self.quantity);
        (LineUnits { line, quantity }, self.reason)
    }
}

answers!(Answers: 200 "Requested"; LIVE_SALE, UNITS, &["return_exceeds_shipped"]);

/// Request a return
///
/// At most what was shipped of each line and is not asked back already. The answer
/// has the return's id in `return_id`.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/returns",
    operation_id = "request_return",
    tag = "returns",
    params(OnOrder),
    request_body = ReturnBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReturnBody>) -> Result<Answer, Problem> {
    let command = RequestReturn {
        lines: body.lines.into_iter().map(ReturnLineBody::split).collect(),
        reason: body.reason,
    };
    call.carry_out(command).await
}
