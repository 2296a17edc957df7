//! `PATCH /v1/shipping/methods/{id}`: change some of a shipping method.

use super::body::RateBody;
use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, METHOD, OnMethod, answers},
    request::{Change, given},
};
use domain::{
    money::Percent,
    shipping::method::{ChangeMethod, ShippingMethod, ShippingMethodCommand},
    text::{Id, Slug, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// What changes. A member that is absent stays as it is, one that is `null` is
/// removed (JSON Merge Patch, RFC 7396), another one replaces what there is;
/// lists are given whole.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"max_weight_grams": 20000, "excluded_skus": null}))]
pub struct ChangeMethodBody {
    /// Name, as customers see it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    name: Option<Words>,
    /// Zones that it ships to.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    zones: Change<Vec<Id>>,
    /// Platforms that offer it; null: all of them.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    platforms: Change<Vec<Slug>>,
    /// Smallest weight of a basket.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    min_weight_grams: Change<i64>,
    /// Largest weight of a basket.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    max_weight_grams: Change<i64>,
    /// Largest weight of a parcel.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    max_parcel_weight_grams: Change<i64>,
    /// What it does not carry.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    excluded_skus: Change<Vec<Id>>,
    /// Days until delivery, at least.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    min_days: Change<i64>,
    /// Days until delivery, at most.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    max_days: Change<i64>,
    /// Tax on the charge as a percentage.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    tax_rate: Change<Percent>,
    /// What it costs, in all currencies.
    #[serde(default)]
    #[schema(value_type = Option<Vec<RateBody>>)]
    rates: Change<Vec<RateBody>>,
}

impl From<ChangeMethodBody> for ChangeMethod {
    fn from(body: ChangeMethodBody) -> Self {
        Self {
            name: body.name,
            zones: body.zones.into_list(),
            platforms: body.platforms.into_list(),
            min_weight_grams: body.min_weight_grams.into_option(),
            max_weight_grams: body.max_weight_grams.into_option(),
            max_parcel_weight_grams: body.max_parcel_weight_grams.into_option(),
            excluded_skus: body.excluded_skus.into_list(),
            min_days: body.min_days.into_option(),
            max_days: body.max_days.into_option(),
            tax_rate: body.tax_rate.into_option(),
            rates: body.rates.into_list(),
        }
    }
}

answers!(
    Answers: 200 "Is so, since now or before" as Some("ShippingMethodAnswer");
    COMMAND, METHOD, &["shipping_method_not_found", "content_outdated"]; without orders
);

/// Change a shipping method
///
/// A change that changes nothing stores nothing.
#[utoipa::path(
    patch,
    path = "/v1/shipping/methods/{id}",
    operation_id = "change_shipping_method",
    tag = "reference data",
    params(OnMethod),
    request_body = ChangeMethodBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ChangeMethodBody>) -> Result<Answer, Problem> {
    let id: Id = call.named("id")?;
    let command = ShippingMethodCommand::Change(Box::new(body.into()));
    call.on::<ShippingMethod>(&id, command).await
}
