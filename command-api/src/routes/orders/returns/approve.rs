//! `POST /v1/orders/{id}/returns/{return}/approve`: allow a return.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
    request::ReasonBody,
};
use domain::order::{Part, command::ApproveReturn};
use infra::http::Problem;

answers!(Answers: 200 "Approved"; SALE, &["return_not_found", "wrong_return_status"]);

/// Approve a return
///
/// Only one that was asked for. Approving an approved one changes nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/returns/{return}/approve",
    operation_id = "approve_return",
    tag = "returns",
    params(OnOrder, ("return" = String, Path, description = "Id of the return, e.g. `r1`")),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = ApproveReturn {
        return_id: call.part("return", Part::Return)?,
        reason: body.reason,
    };
    call.carry_out(command).await
}
