//! `PUT /v1/orders/{id}/tags/{tag}`: label an order.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{ANY, OnOrder, answers},
    request::NoMembers,
};
use domain::order::command::TagOrder;
use infra::http::Problem;

answers!(Answers: 200 "Tagged"; ANY, &["invalid_path", "too_many_tags"]);

/// Tag an order
///
/// A label that the order has already changes nothing.
#[utoipa::path(
    put,
    path = "/v1/orders/{id}/tags/{tag}",
    operation_id = "tag_order",
    tag = "orders",
    params(OnOrder, ("tag" = String, Path, description = "Label")),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let command = TagOrder { tag: call.tag()? };
    call.carry_out(command).await
}
