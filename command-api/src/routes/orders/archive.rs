//! `POST /v1/orders/{id}/archive`: put an order out of the way.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{ANY, OnOrder, answers},
    request::ReasonBody,
};
use domain::order::command::ArchiveOrder;
use infra::http::Problem;

answers!(Answers: 200 "Archived"; ANY, &["order_is_draft"]);

/// Archive an order
///
/// Any order but a draft. Archiving an archived one changes nothing.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/archive",
    operation_id = "archive_order",
    tag = "orders",
    params(OnOrder),
    request_body = ReasonBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReasonBody>) -> Result<Answer, Problem> {
    let command = ArchiveOrder {
        reason: body.reason,
    };
    call.carry_out(command).await
}
