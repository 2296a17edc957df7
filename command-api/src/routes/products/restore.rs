//! `POST /v1/products/{sku}/restore`: bring an archived product back.

use crate::{
    answer::Answer,
    call::Asked,
    documented::{COMMAND, OnProduct, answers},
    request::NoMembers,
};
use domain::{
    product::{Product, ProductCommand},
    text::Id,
};
use infra::http::Problem;

answers!(
    Answers: 200 "Is back, since now or before" as Some("ProductAnswer");
    COMMAND, &["product_not_found", "invalid_path"]; without orders
);

/// Restore a product
///
/// It is as it was, with its prices.
#[utoipa::path(
    post,
    path = "/v1/products/{sku}/restore",
    operation_id = "restore_product",
    tag = "reference data",
    params(OnProduct),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let key: Id = call.named("sku")?;
    call.on::<Product>(&key, ProductCommand::Restore).await
}
