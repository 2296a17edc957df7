//! `GET /v1/shipping/methods/{id}`: one shipping method.

use crate::{
    documented::{
        Conditional, FieldsOfDocument, MinPosition, MinVersion, NoSuchShippingMethod, Refused, Told,
    },
    reference::{self, OneShippingMethod, SHIPPING_METHODS},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::http::{Principal, Problem};

/// One shipping method
///
/// The method as the projection stored it, archived or not. Its `ETag` is
/// `"<version>-<revision>"`; pass it as `If-None-Match` to get 304 while nothing
/// has changed, and as `If-Match` to commands.
#[utoipa::path(
    get,
    path = "/v1/shipping/methods/{id}",
    operation_id = "get_shipping_method",
    tag = "reference data",
    params(
        ("id" = String, Path, description = "The shop's own id of the method, percent-encoded", example = "standard"),
        FieldsOfDocument,
        MinVersion,
        MinPosition,
        Conditional,
    ),
    responses(Told<OneShippingMethod>, NoSuchShippingMethod, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    reference::one(&SHIPPING_METHODS, &request, &state, &id).await
}
