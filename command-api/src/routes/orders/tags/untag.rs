//! `DELETE /v1/orders/{id}/tags/{tag}`: take a label off.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{ANY, OnOrder, answers},
    request::NoMembers,
};
use domain::order::command::UntagOrder;
use infra::http::Problem;

answers!(Answers: 200 "Untagged"; ANY, &["invalid_path"]);

/// Untag an order
///
/// A label that the order does not have changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/orders/{id}/tags/{tag}",
    operation_id = "untag_order",
    tag = "orders",
    params(OnOrder, ("tag" = String, Path, description = "Label")),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let command = UntagOrder { tag: call.tag()? };
    call.carry_out(command).await
}
