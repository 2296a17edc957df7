//! `POST /v1/orders/{id}/refunds/{refund}/fail`: a pending refund failed.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
    request::ReasonBody,
};
use domain::order::{
    Part,
    command::{SettleRefund, Settled},
};
use infra::http::Problem;

answers!(Answers: 200 "Failed"; SALE, &["refund_not_found", "already_settled", "amount_overflow"]);

/// Fail a pending refund
///
/// The money did not move; the amount is not reserved any more. Also on a cancelled order. The outcome is
/// told once.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/refunds/{refund}/fail",
    operation_id = "fail_refund",
    tag = "money",
    params(OnOrder, ("refund" = String, Path, description = "Id of the pending refund, e.g. `rf1`")),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = SettleRefund {
        refund: call.part("refund", Part::Refund)?,
        outcome: Settled::Failed,
        reason: body.reason,
    };
    call.carry_out(command).await
}
