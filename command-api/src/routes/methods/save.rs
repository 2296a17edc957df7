//! `PUT /v1/shipping/methods/{id}`: make a shipping method, or make it so.

use super::body::RateBody;
use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, METHOD, OnMethod, answers},
};
use domain::{
    money::Percent,
    shipping::method::{NewMethod, ShippingMethod, ShippingMethodCommand},
    text::{Id, Slug, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// All of a method; lists in any order. All that it asks for has to hold at
/// once.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Standard delivery", "zones": ["gb"], "max_weight_grams": 30000, "min_days": 2, "max_days": 4,
    "rates": [{"currency": "GBP", "free_above": 5000, "charge": {"kind": "flat", "amount": 399}}]
}))]
pub struct SaveMethodBody {
    /// Name, as customers see it.
    #[schema(value_type = String)]
    name: Words,
    /// Zones that it ships to, by id.
    #[schema(value_type = Vec<String>)]
    zones: Vec<Id>,
    /// Platforms that offer it; all of them, if absent.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    platforms: Vec<Slug>,
    /// Smallest weight of a basket.
    min_weight_grams: Option<i64>,
    /// Largest weight of a basket.
    max_weight_grams: Option<i64>,
    /// Largest weight of a parcel; a heavier basket goes in several.
    max_parcel_weight_grams: Option<i64>,
    /// What it does not carry.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    excluded_skus: Vec<Id>,
    /// Days until delivery, at least.
    min_days: Option<i64>,
    /// Days until delivery, at most.
    max_days: Option<i64>,
    /// Tax on the charge as a percentage, such as `"19"`.
    #[schema(value_type = Option<String>)]
    tax_rate: Option<Percent>,
    /// What it costs, one per currency.
    rates: Vec<RateBody>,
}

impl SaveMethodBody {
    fn method(self, id: Id) -> NewMethod {
        NewMethod {
            id,
            name: self.name,
            zones: self.zones,
            platforms: self.platforms,
            min_weight_grams: self.min_weight_grams,
            max_weight_grams: self.max_weight_grams,
            max_parcel_weight_grams: self.max_parcel_weight_grams,
            excluded_skus: self.excluded_skus,
            min_days: self.min_days,
            max_days: self.max_days,
            tax_rate: self.tax_rate,
            rates: self.rates.into_iter().map(Into::into).collect(),
        }
    }
}

answers!(
    Answers: 200 "Is so, since now or before" as Some("ShippingMethodAnswer"),
        201 "Made" as Some("ShippingMethodAnswer");
    COMMAND, METHOD; without orders
);

/// Save a shipping method
///
/// Makes it, or replaces all of it. Saving what is there stores nothing. An
/// archived one is restored first. A zone that it names need not be there yet.
#[utoipa::path(
    put,
    path = "/v1/shipping/methods/{id}",
    operation_id = "save_shipping_method",
    tag = "reference data",
    params(OnMethod),
    request_body = SaveMethodBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<SaveMethodBody>) -> Result<Answer, Problem> {
    let id: Id = call.named("id")?;
    let command = ShippingMethodCommand::Save(Box::new(body.method(id.clone())));
    call.on::<ShippingMethod>(&id, command).await
}
