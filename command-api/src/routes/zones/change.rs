//! `PATCH /v1/shipping/zones/{id}`: change some of a shipping zone.

use super::body::{PostalCodes, PostalCodesBody};
use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, OnZone, ZONE, answers},
    request::{Change, given},
};
use domain::{
    country::Country,
    shipping::{
        Region,
        zone::{ChangeZone, ShippingZone, ShippingZoneCommand},
    },
    text::{Id, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// What changes. A member that is absent stays as it is, one that is `null` is
/// emptied (JSON Merge Patch, RFC 7396), another one replaces what there is;
/// lists are given whole.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"countries": ["GB", "IE"]}))]
pub struct ChangeZoneBody {
    /// Name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    name: Option<Words>,
    /// Whole countries.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    countries: Change<Vec<Country>>,
    /// Parts of countries.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    regions: Change<Vec<Region>>,
    /// Postal codes.
    #[serde(default)]
    #[schema(value_type = Option<Vec<PostalCodesBody>>)]
    postal_codes: Change<Vec<PostalCodes>>,
    /// Whether it is for every place that no other zone names.
    #[serde(default, deserialize_with = "given")]
    rest_of_world: Option<bool>,
}

impl From<ChangeZoneBody> for ChangeZone {
    fn from(body: ChangeZoneBody) -> Self {
        Self {
            name: body.name,
            countries: body.countries.into_list(),
            regions: body.regions.into_list(),
            postal_codes: body.postal_codes.into_list(),
            rest_of_world: body.rest_of_world,
        }
    }
}

answers!(
    Answers: 200 "Is so, since now or before" as Some("ShippingZoneAnswer");
    COMMAND, ZONE, &["shipping_zone_not_found", "content_outdated"]; without orders
);

/// Change a shipping zone
///
/// A change that changes nothing stores nothing.
#[utoipa::path(
    patch,
    path = "/v1/shipping/zones/{id}",
    operation_id = "change_shipping_zone",
    tag = "reference data",
    params(OnZone),
    request_body = ChangeZoneBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ChangeZoneBody>) -> Result<Answer, Problem> {
    let id: Id = call.named("id")?;
    let command = ShippingZoneCommand::Change(Box::new(body.into()));
    call.on::<ShippingZone>(&id, command).await
}
