//! `PUT /v1/shipping/zones/{id}`: make a shipping zone, or make it so.

use super::body::{PostalCodes, PostalCodesBody};
use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, OnZone, ZONE, answers},
};
use domain::{
    country::Country,
    shipping::{
        Region,
        zone::{NewZone, ShippingZone, ShippingZoneCommand},
    },
    text::{Id, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// All of a zone: what it names is a union, in any order.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Great Britain", "countries": ["GB"]}))]
pub struct SaveZoneBody {
    /// Name.
    #[schema(value_type = String)]
    name: Words,
    /// Whole countries: ISO 3166-1 alpha-2.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    countries: Vec<Country>,
    /// Parts of countries: ISO 3166-2, such as `US-CA`.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    regions: Vec<Region>,
    /// Postal codes.
    #[serde(default)]
    #[schema(value_type = Vec<PostalCodesBody>)]
    postal_codes: Vec<PostalCodes>,
    /// Whether it is for every place that no other zone names.
    #[serde(default)]
    rest_of_world: bool,
}

impl SaveZoneBody {
    fn zone(self, id: Id) -> NewZone {
        NewZone {
            id,
            name: self.name,
            countries: self.countries,
            regions: self.regions,
            postal_codes: self.postal_codes.into_iter().map(Into::into).collect(),
            rest_of_world: self.rest_of_world,
        }
    }
}

answers!(
    Answers: 200 "Is so, since now or before" as Some("ShippingZoneAnswer"),
        201 "Made" as Some("ShippingZoneAnswer");
    COMMAND, ZONE; without orders
);

/// Save a shipping zone
///
/// Makes it, or replaces all of it. Saving what is there stores nothing. An
/// archived one is restored first.
#[utoipa::path(
    put,
    path = "/v1/shipping/zones/{id}",
    operation_id = "save_shipping_zone",
    tag = "reference data",
    params(OnZone),
    request_body = SaveZoneBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<SaveZoneBody>) -> Result<Answer, Problem> {
    let id: Id = call.named("id")?;
    let command = ShippingZoneCommand::Save(Box::new(body.zone(id.clone())));
    call.on::<ShippingZone>(&id, command).await
}
