//! `POST /v1/orders/{id}/payments/{payment}/fail`: record that the provider refused a payment.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
    request::ReasonBody,
};
use domain::order::{Part, command::FailPayment};
use infra::http::Problem;

answers!(Answers: 200 "Failed"; SALE, &["payment_not_found", "payment_captured", "payment_ended"]);

/// Fail a payment
///
/// The provider refused it. Only when nothing is captured. A failed one stays as it is.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/payments/{payment}/fail",
    operation_id = "fail_payment",
    tag = "money",
    params(OnOrder, ("payment" = String, Path, description = "Id of the payment, e.g. `p1`")),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = FailPayment {
        payment: call.part("payment", Part::Payment)?,
        reason: body.reason,
    };
    call.carry_out(command).await
}
