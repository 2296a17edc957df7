//! `POST /v1/shipping/methods/{id}/restore`: bring an archived shipping method back.

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
    Answers: 200 "Is back, since now or before" as Some("ShippingMethodAnswer");
    COMMAND, &["shipping_method_not_found", "invalid_path"]; without orders
);

/// Restore a shipping method
///
/// It is as it was.
#[utoipa::path(
    post,
    path = "/v1/shipping/methods/{id}/restore",
    operation_id = "restore_shipping_method",
    tag = "reference data",
    params(OnMethod),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let key: Id = call.named("id")?;
    call.on::<ShippingMethod>(&key, ShippingMethodCommand::Restore)
        .await
}
