//! `DELETE /v1/shipping/methods/{id}`: put a shipping method out of the way.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, OnMethod, answers},
    request::NoMembers,
};
use domain::{
    shipping::method::{ShippingMethod, ShippingMethodCommand},
    text::Id,
};
use infra::http::Problem;

answers!(
    Answers: 200 "Is archived, since now or before" as Some("ShippingMethodAnswer");
    COMMAND, &["shipping_method_not_found", "invalid_path"]; without orders
);

/// Archive a shipping method
///
/// Nobody is offered it any more. Nothing is deleted.
#[utoipa::path(
    delete,
    path = "/v1/shipping/methods/{id}",
    operation_id = "archive_shipping_method",
    tag = "reference data",
    params(OnMethod),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let key: Id = call.named("id")?;
    call.on::<ShippingMethod>(&key, ShippingMethodCommand::Archive)
        .await
}
