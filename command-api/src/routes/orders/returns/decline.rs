//! `POST /v1/orders/{id}/returns/{return}/decline`: refuse a return.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
    request::ReasonBody,
};
use domain::order::{Part, command::DeclineReturn};
use infra::http::Problem;

answers!(Answers: 200 "Declined"; SALE, &["return_not_found", "wrong_return_status"]);

/// Decline a return
///
/// Only one that was asked for; its goods can be asked back anew. Declining a
/// declined one changes nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/returns/{return}/decline",
    operation_id = "decline_return",
    tag = "returns",
    params(OnOrder, ("return" = String, Path, description = "Id of the return, e.g. `r1`")),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = DeclineReturn {
        return_id: call.part("return", Part::Return)?,
        reason: body.reason,
    };
    call.carry_out(command).await
}
