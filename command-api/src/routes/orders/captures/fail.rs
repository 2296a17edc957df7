//! `POST /v1/orders/{id}/captures/{capture}/fail`: a pending capture failed.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
    request::ReasonBody,
};
use domain::order::{
    Part,
    command::{SettleCapture, Settled},
};
use infra::http::Problem;

answers!(Answers: 200 "Failed"; SALE, &["capture_not_found", "already_settled", "amount_overflow"]);

/// Fail a pending capture
///
/// The money did not move; the amount is not reserved any more. Also on a cancelled order. The outcome is
/// told once.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/captures/{capture}/fail",
    operation_id = "fail_capture",
    tag = "money",
    params(OnOrder, ("capture" = String, Path, description = "Id of the pending capture, e.g. `c1`")),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = SettleCapture {
        capture: call.part("capture", Part::Capture)?,
        outcome: Settled::Failed,
        reason: body.reason,
    };
    call.carry_out(command).await
}
