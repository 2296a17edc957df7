//! `POST /v1/orders/{id}/refunds/{refund}/succeed`: a pending refund succeeded.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
    request::NoMembers,
};
use domain::order::{
    Part,
    command::{SettleRefund, Settled},
};
use infra::http::Problem;

answers!(Answers: 200 "Completed"; SALE, &["refund_not_found", "already_settled", "amount_overflow"]);

/// Complete a pending refund
///
/// The money moved. Also on a cancelled order. The outcome is
/// told once.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/refunds/{refund}/succeed",
    operation_id = "succeed_refund",
    tag = "money",
    params(OnOrder, ("refund" = String, Path, description = "Id of the pending refund, e.g. `rf1`")),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let command = SettleRefund {
        refund: call.part("refund", Part::Refund)?,
        outcome: Settled::Succeeded,
        reason: None,
    };
    call.carry_out(command).await
}
