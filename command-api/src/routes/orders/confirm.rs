//! `POST /v1/orders/{id}/confirm`: accept an order.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{LIVE_SALE, OnOrder, answers},
    request::ReasonBody,
};
use domain::order::command::ConfirmOrder;
use infra::http::Problem;

answers!(Answers: 200 "Confirmed"; LIVE_SALE);

/// Confirm an order
///
/// Confirming a confirmed order changes nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/confirm",
    operation_id = "confirm_order",
    tag = "orders",
    params(OnOrder),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = ConfirmOrder {
        reason: body.reason,
    };
    call.carry_out(command).await
}
