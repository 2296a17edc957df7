//! `POST /v1/orders/{id}/returns/{return}/close`: expect nothing more of a return.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
    request::ReasonBody,
};
use domain::order::{Part, command::CloseReturn};
use infra::http::Problem;

answers!(Answers: 200 "Closed"; SALE, &["return_not_found", "wrong_return_status"]);

/// Close a return
///
/// Once goods came back, with or without money for them. What has not come back can
/// be returned otherwise. Closing a closed one changes nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/returns/{return}/close",
    operation_id = "close_return",
    tag = "returns",
    params(OnOrder, ("return" = String, Path, description = "Id of the return, e.g. `r1`")),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = CloseReturn {
        return_id: call.part("return", Part::Return)?,
        reason: body.reason,
    };
    call.carry_out(command).await
}
