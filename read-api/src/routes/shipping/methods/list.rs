//! `GET /v1/shipping/methods`: shipping methods, page by page.

use crate::{
    documented::{Conditional, FieldsOfDocument, MinPosition, Paging, Refused, ToldOneWay},
    reference::{self, Chosen, SHIPPING_METHODS, ShippingMethodList},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::http::{Principal, Problem};

/// Shipping methods
///
/// All methods, page by page, in the order of their ids. A page never repeats
/// or leaves out one that did not change meanwhile, since a cursor is a place in
/// the list and not a count. What is archived is left out unless it is asked for.
#[utoipa::path(
    get,
    path = "/v1/shipping/methods",
    operation_id = "list_shipping_methods",
    tag = "reference data",
    params(Chosen, FieldsOfDocument, Paging, MinPosition, Conditional),
    responses(ToldOneWay<ShippingMethodList>, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    reference::list(&SHIPPING_METHODS, &request, &state).await
}
