//! `GET /v1/platforms/{slug}`: one platform.

use crate::{
    documented::{
        Conditional, FieldsOfDocument, MinPosition, MinVersion, NoSuchPlatform, Refused, Told,
    },
    reference::{self, OnePlatform, PLATFORMS},
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::http::{Principal, Problem};

/// One platform
///
/// The platform as the projection stored it, archived or not. Its `ETag` is
/// `"<version>-<revision>"`; pass it as `If-None-Match` to get 304 while nothing
/// has changed, and as `If-Match` to commands. It may come from a cache, which
/// forgets it when it changes, and after five seconds at the latest; `min_version`
/// and `min_position` are never answered with less.
#[utoipa::path(
    get,
    path = "/v1/platforms/{slug}",
    operation_id = "get_platform",
    tag = "reference data",
    params(
        ("slug" = String, Path, description = "Slug of the sales channel", example = "web"),
        FieldsOfDocument,
        MinVersion,
        MinPosition,
        Conditional,
    ),
    responses(Told<OnePlatform>, NoSuchPlatform, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    slug: Path<String>,
) -> Result<HttpResponse, Problem> {
    reference::one(&PLATFORMS, &request, &state, &slug).await
}
