//! `PATCH /v1/products/{sku}`: change some of a product.

use super::body::{DimensionsBody, PriceBody};
use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, OnProduct, PRODUCT, answers},
    request::{Change, given},
};
use domain::{
    product::{ChangeProduct, Product},
    text::{Id, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// What changes. A member that is absent stays as it is, one that is `null` is
/// removed (JSON Merge Patch, RFC 7396), another one replaces what there is;
/// all prices are one member.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "T-light holder, white", "tax_class": null}))]
pub struct ChangeProductBody {
    /// What it is called.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    title: Option<Words>,
    /// Weight of one with its wrapping, in grams.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    weight_grams: Change<i64>,
    /// Size of one with its wrapping.
    #[serde(default)]
    #[schema(value_type = Option<DimensionsBody>)]
    dimensions: Change<DimensionsBody>,
    /// How it is taxed.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    tax_class: Change<Id>,
    /// Whether it goes into a parcel.
    #[serde(default, deserialize_with = "given")]
    requires_shipping: Option<bool>,
    /// All its prices, at most 500.
    #[serde(default)]
    #[schema(value_type = Option<Vec<PriceBody>>)]
    prices: Change<Vec<PriceBody>>,
}

impl From<ChangeProductBody> for ChangeProduct {
    fn from(body: ChangeProductBody) -> Self {
        Self {
            title: body.title,
            weight_grams: body.weight_grams.into_option(),
            dimensions: body.dimensions.into_option(),
            tax_class: body.tax_class.into_option(),
            requires_shipping: body.requires_shipping,
            prices: body.prices.into_list(),
        }
    }
}

answers!(
    Answers: 200 "Is so, since now or before" as Some("ProductAnswer");
    COMMAND, PRODUCT, &["product_not_found"]; without orders
);

/// Change a product
///
/// A change that changes nothing stores nothing. Orders keep what they have
/// taken over.
#[utoipa::path(
    patch,
    path = "/v1/products/{sku}",
    operation_id = "change_product",
    tag = "reference data",
    params(OnProduct),
    request_body = ChangeProductBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ChangeProductBody>) -> Result<Answer, Problem> {
    let sku: Id = call.named("sku")?;
    call.on::<Product>(&sku, ChangeProduct::from(body)).await
}
