//! `GET /v1/products`: products, page by page.

use crate::{
    documented::{Conditional, FieldsOfDocument, MinPosition, Paging, Refused, ToldOneWay},
    reference::{self, Chosen, PRODUCTS, ProductList, Searched},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::http::{Principal, Problem};

/// Products
///
/// The catalogue, page by page, in the order of the SKUs. `sku`, repeated, asks
/// for some of them at once; `q` searches titles and SKUs. A page never repeats
/// or leaves out one that did not change meanwhile, since a cursor is a place in
/// the list and not a count. What is archived is left out unless it is asked for.
#[utoipa::path(
    get,
    path = "/v1/products",
    operation_id = "list_products",
    tag = "reference data",
    params(Chosen, Searched, FieldsOfDocument, Paging, MinPosition, Conditional),
    responses(ToldOneWay<ProductList>, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    reference::list(&PRODUCTS, &request, &state).await
}
