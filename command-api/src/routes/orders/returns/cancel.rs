//! `POST /v1/orders/{id}/returns/{return}/cancel`: call a return off.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
    request::ReasonBody,
};
use domain::order::{Part, command::CancelReturn};
use infra::http::Problem;

answers!(Answers: 200 "Cancelled"; SALE, &["return_not_found", "wrong_return_status", "return_begun"]);

/// Cancel a return
///
/// Only before anything came back. Cancelling a cancelled one changes nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/returns/{return}/cancel",
    operation_id = "cancel_return",
    tag = "returns",
    params(OnOrder, ("return" = String, Path, description = "Id of the return, e.g. `r1`")),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = CancelReturn {
        return_id: call.part("return", Part::Return)?,
        reason: body.reason,
    };
    call.carry_out(command).await
}
