//! `POST /v1/orders/{id}/fulfillments/{fulfillment}/cancel`: unpack a fulfilment.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{OnOrder, SALE, answers},
    request::ReasonBody,
};
use domain::order::{Part, command::CancelFulfillment};
use infra::http::Problem;

answers!(Answers: 200 "Cancelled"; SALE, &["fulfillment_not_found", "wrong_fulfillment_status"]);

/// Cancel a fulfilment
///
/// Only before it is shipped; its goods can be fulfilled anew. Cancelling a cancelled
/// one changes nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/fulfillments/{fulfillment}/cancel",
    operation_id = "cancel_fulfillment",
    tag = "goods",
    params(OnOrder, ("fulfillment" = String, Path, description = "Id of the fulfilment, e.g. `f1`")),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = CancelFulfillment {
        fulfillment: call.part("fulfillment", Part::Fulfillment)?,
        reason: body.reason,
    };
    call.carry_out(command).await
}
