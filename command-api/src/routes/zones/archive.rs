//! `DELETE /v1/shipping/zones/{id}`: put a shipping zone out of the way.

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
    Answers: 200 "Is archived, since now or before" as Some("ShippingZoneAnswer");
    COMMAND, &["shipping_zone_not_found", "invalid_path"]; without orders
);

/// Archive a shipping zone
///
/// No place is in it any more. Nothing is deleted.
#[utoipa::path(
    delete,
    path = "/v1/shipping/zones/{id}",
    operation_id = "archive_shipping_zone",
    tag = "reference data",
    params(OnZone),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let key: Id = call.named("id")?;
    call.on::<ShippingZone>(&key, ShippingZoneCommand::Archive)
        .await
}
