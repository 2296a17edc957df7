//! `PUT /v1/products/{sku}`: make a product, or make it so.

use super::body::{DimensionsBody, PriceBody};
use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, OnProduct, PRODUCT, answers},
};
use domain::{
    product::{Product, SaveProduct},
    text::{Id, Words},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// All of a product.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "White hanging heart T-light holder", "weight_grams": 180, "prices": [{"currency": "GBP", "unit_price": "2.55"}]}))]
pub struct SaveProductBody {
    /// What it is called.
    #[schema(value_type = String)]
    title: Words,
    /// Weight of one with its wrapping, in grams.
    weight_grams: Option<i64>,
    /// Size of one with its wrapping.
    dimensions: Option<DimensionsBody>,
    /// How it is taxed, in the shop's own words.
    #[schema(value_type = Option<String>)]
    tax_class: Option<Id>,
    /// Whether it goes into a parcel; true, if absent.
    #[serde(default = "yes")]
    requires_shipping: bool,
    /// All its prices, at most 500; those that it has, if absent.
    prices: Option<Vec<PriceBody>>,
}

const fn yes() -> bool {
    true
}

impl SaveProductBody {
    fn command(self, sku: Id) -> SaveProduct {
        let prices = |prices: Vec<PriceBody>| prices.into_iter().map(Into::into).collect();
        SaveProduct {
            sku,
            title: self.title,
            weight_grams: self.weight_grams,
            dimensions: self.dimensions.map(Into::into),
            tax_class: self.tax_class,
            requires_shipping: self.requires_shipping,
            prices: self.prices.map(prices),
        }
    }
}

answers!(
    Answers: 200 "Is so, since now or before" as Some("ProductAnswer"),
        201 "Made" as Some("ProductAnswer");
    COMMAND, PRODUCT; without orders
);

/// Save a product
///
/// Makes it, or replaces all of it; prices are kept where none are given.
/// Saving what is there stores nothing. An archived one is restored first.
#[utoipa::path(
    put,
    path = "/v1/products/{sku}",
    operation_id = "save_product",
    tag = "reference data",
    params(OnProduct),
    request_body = SaveProductBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<SaveProductBody>) -> Result<Answer, Problem> {
    let sku: Id = call.named("sku")?;
    let command = body.command(sku.clone());
    call.on::<Product>(&sku, command).await
}
