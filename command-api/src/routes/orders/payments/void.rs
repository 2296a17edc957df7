//! `POST /v1/orders/{id}/payments/{payment}/void`: give up an authorisation.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
    request::ReasonBody,
};
use domain::order::{Part, command::VoidPayment};
use infra::http::Problem;

answers!(Answers: 200 "Voided"; SALE, &["payment_not_found", "payment_captured", "payment_ended"]);

/// Void a payment
///
/// Only when nothing is captured, nor being captured. Voiding a voided one changes
/// nothing. Also on a cancelled order, which names what to void.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/payments/{payment}/void",
    operation_id = "void_payment",
    tag = "money",
    params(OnOrder, ("payment" = String, Path, description = "Id of the payment, e.g. `p1`")),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = VoidPayment {
        payment: call.part("payment", Part::Payment)?,
        reason: body.reason,
    };
    call.carry_out(command).await
}
