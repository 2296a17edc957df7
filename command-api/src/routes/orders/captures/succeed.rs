//! `POST /v1/orders/{id}/captures/{capture}/succeed`: a pending capture succeeded.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
    request::NoMembers,
};
use domain::order::{
    Part,
    command::{SettleCapture, Settled},
};
use infra::http::Problem;

answers!(Answers: 200 "Completed"; SALE, &["capture_not_found", "already_settled", "amount_overflow"]);

/// Complete a pending capture
///
/// The money moved. Also on a cancelled order. The outcome is
/// told once.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/captures/{capture}/succeed",
    operation_id = "succeed_capture",
    tag = "money",
    params(OnOrder, ("capture" = String, Path, description = "Id of the pending capture, e.g. `c1`")),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let command = SettleCapture {
        capture: call.part("capture", Part::Capture)?,
        outcome: Settled::Succeeded,
        reason: None,
    };
    call.carry_out(command).await
}
