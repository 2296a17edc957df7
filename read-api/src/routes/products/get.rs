//! `GET /v1/products/{sku}`: one product.

use crate::{
    documented::{
        Conditional, FieldsOfDocument, MinPosition, MinVersion, NoSuchProduct, Refused, Told,
    },
    reference::{self, OneProduct, PRODUCTS},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::http::{Principal, Problem};

/// One product
///
/// The product as the projection stored it, archived or not. Its `ETag` is
/// `"<version>-<revision>"`; pass it as `If-None-Match` to get 304 while nothing
/// has changed, and as `If-Match` to commands. It may come from a cache, which
/// forgets it when it changes, and after five seconds at the latest; `min_version`
/// and `min_position` are never answered with less.
#[utoipa::path(
    get,
    path = "/v1/products/{sku}",
    operation_id = "get_product",
    tag = "reference data",
    params(
        ("sku" = String, Path, description = "Stock keeping unit, percent-encoded", example = "LAMP-01"),
        FieldsOfDocument,
        MinVersion,
        MinPosition,
        Conditional,
    ),
    responses(Told<OneProduct>, NoSuchProduct, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    sku: Path<String>,
) -> Result<HttpResponse, Problem> {
    reference::one(&PRODUCTS, &request, &state, &sku).await
}
