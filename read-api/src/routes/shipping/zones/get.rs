//! `GET /v1/shipping/zones/{id}`: one shipping zone.

use crate::{
    documented::{
        Conditional, FieldsOfDocument, MinPosition, MinVersion, NoSuchShippingZone, Refused, Told,
    },
    reference::{self, OneShippingZone, SHIPPING_ZONES},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::http::{Principal, Problem};

/// One shipping zone
///
/// The zone as the projection stored it, archived or not. Its `ETag` is
/// `"<version>-<revision>"`; pass it as `If-None-Match` to get 304 while nothing
/// has changed, and as `If-Match` to commands.
#[utoipa::path(
    get,
    path = "/v1/shipping/zones/{id}",
    operation_id = "get_shipping_zone",
    tag = "reference data",
    params(
        ("id" = String, Path, description = "The shop's own id of the zone, percent-encoded", example = "eu"),
        FieldsOfDocument,
        MinVersion,
        MinPosition,
        Conditional,
    ),
    responses(Told<OneShippingZone>, NoSuchShippingZone, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    reference::one(&SHIPPING_ZONES, &request, &state, &id).await
}
