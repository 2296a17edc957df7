//! `POST /v1/orders/{id}/unarchive`: bring an order back.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{ANY, OnOrder, answers},
    request::ReasonBody,
};
use domain::order::command::UnarchiveOrder;
use infra::http::Problem;

answers!(Answers: 200 "Not archived any more"; ANY);

/// Unarchive an order
///
/// An order that is not archived stays as it is.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/unarchive",
    operation_id = "unarchive_order",
    tag = "orders",
    params(OnOrder),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = UnarchiveOrder {
        reason: body.reason,
    };
    call.carry_out(command).await
}
