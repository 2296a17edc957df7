//! `PUT /v1/products/{sku}/price`: what a product costs somewhere.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, OnProduct, answers},
    request::Change,
};
use contracts::order::UnitPrice;
use domain::{
    money::{Currency, Price},
    product::{NewPrice, PriceKey, Product, ProductCommand},
    text::{Id, Slug},
};
use infra::http::Problem;
use serde::Deserialize;
use utoipa::ToSchema;

/// One price of a product.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"platform": "web", "currency": "GBP", "unit_price": "2.75"}))]
pub struct SetPriceBody {
    /// On this platform; on every one that has none of its own in this
    /// currency, if absent.
    #[schema(value_type = Option<String>)]
    platform: Option<Slug>,
    /// ISO 4217 code.
    #[schema(value_type = String)]
    currency: Currency,
    /// Integer in minor units, or a decimal string in major units; null takes
    /// the price away.
    #[schema(value_type = Option<UnitPrice>, required = true)]
    unit_price: Change<Price>,
}

impl From<SetPriceBody> for ProductCommand {
    fn from(body: SetPriceBody) -> Self {
        let key = PriceKey {
            platform: body.platform,
            currency: body.currency,
        };
        match body.unit_price {
            Change::To(unit_price) => Self::SetPrice(NewPrice { key, unit_price }),
            Change::Removed | Change::Unchanged => Self::RemovePrice(key),
        }
    }
}

answers!(
    Answers: 200 "Costs that, since now or before" as Some("ProductAnswer");
    COMMAND, &[
        "invalid_path",
        "product_not_found",
        "product_archived",
        "negative_price",
        "too_many_prices",
    ]; without orders
);

/// Set a product's price
///
/// One price of it, for those who keep prices elsewhere than products: others
/// stay as they are.
#[utoipa::path(
    put,
    path = "/v1/products/{sku}/price",
    operation_id = "set_product_price",
    tag = "reference data",
    params(OnProduct),
    request_body = SetPriceBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<SetPriceBody>) -> Result<Answer, Problem> {
    let sku: Id = call.named("sku")?;
    call.on::<Product>(&sku, body).await
}
