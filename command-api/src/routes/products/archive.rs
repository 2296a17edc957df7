//! `DELETE /v1/products/{sku}`: put a product out of the way.

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
    Answers: 200 "Is archived, since now or before" as Some("ProductAnswer");
    COMMAND, &["product_not_found", "invalid_path"]; without orders
);

/// Archive a product
///
/// It has no price any more; orders that name it stay as they are. Nothing is deleted.
#[utoipa::path(
    delete,
    path = "/v1/products/{sku}",
    operation_id = "archive_product",
    tag = "reference data",
    params(OnProduct),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<NoMembers>) -> Result<Answer, Problem> {
    let key: Id = call.named("sku")?;
    call.on::<Product>(&key, ProductCommand::Archive).await
}
