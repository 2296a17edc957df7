//! `POST /v1/shipping/zones/{id}/restore`: bring an archived shipping zone back.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, OnZone, answers},
    request::NoMembers,
};
use domain::{
    shipping::zone::{ShippingZone, ShippingZoneCommand},
    text::Id,
};
use infra::http::Problem;

answers!(
    Answers: 200 "Is back, since now or before" as Some("ShippingZoneAnswer");
    COMMAND, &["shipping_zone_not_found", "invalid_path"]; without orders
);

/// Restore a shipping zone
///
/// It is as it was.
#[utoipa::path(
    post,
    path = "/v1/shipping/zones/{id}/restore",
    operation_id = "restore_shipping_zone",
    tag = "reference data",
    params(OnZone),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let key: Id = call.named("id")?;
    call.on::<ShippingZone>(&key, ShippingZoneCommand::Restore)
        .await
}
