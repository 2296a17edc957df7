//! `POST /v1/orders/{id}/returns/{return}/receive`: record goods that came back.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, UNITS, answers},
};
use domain::{
    order::{
        Part,
        command::{LineUnits, ReceiveReturn},
    },
    text::Id,
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// What came back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"line": "l1", "quantity": 1, "resellable": true}]}))]
pub struct ReceiveBody {
    /// Units of lines, each line once.
    lines: Vec<ReceivedLineBody>,
}

/// Some units of a line that came back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivedLineBody {
    /// Id of the line.
    #[schema(value_type = String)]
    line: Id,
    /// How many, at least 1.
    quantity: i64,
    /// Whether they can be sold again.
    resellable: bool,
}

impl ReceivedLineBody {
    /// As the domain has it.
    pub fn split(self) -> (LineUnits, bool) {
        let (line, quantity) = (self.line, self.quantity);
        (LineUnits { line, quantity }, self.resellable)
    }
}

answers!(Answers: 200 "Received"; SALE, UNITS, &["return_not_found", "wrong_return_status", "receive_exceeds_requested"]);

/// Receive a return
///
/// In one go or in several, at most what was asked for of each line. The return was
/// approved before.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/returns/{return}/receive",
    operation_id = "receive_return",
    tag = "returns",
    params(OnOrder, ("return" = String, Path, description = "Id of the return, e.g. `r1`")),
    request_body = ReceiveBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReceiveBody>) -> Result<Answer, Problem> {
    let command = ReceiveReturn {
        return_id: call.part("return", Part::Return)?,
        lines: body
            .lines
            .into_iter()
            .map(ReceivedLineBody::split)
            .collect(),
    };
    call.carry_out(command).await
}
