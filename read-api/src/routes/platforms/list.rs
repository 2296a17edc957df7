//! `GET /v1/platforms`: platforms, page by page.

use crate::{
    documented::{Conditional, FieldsOfDocument, MinPosition, Paging, Refused, ToldOneWay},
    reference::{self, Chosen, PLATFORMS, PlatformList},
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::http::{Principal, Problem};

/// Platforms
///
/// All sales channels, page by page, in the order of their slugs. A page never repeats
/// or leaves out one that did not change meanwhile, since a cursor is a place in
/// the list and not a count. What is archived is left out unless it is asked for.
#[utoipa::path(
    get,
    path = "/v1/platforms",
    operation_id = "list_platforms",
    tag = "reference data",
    params(Chosen, FieldsOfDocument, Paging, MinPosition, Conditional),
    responses(ToldOneWay<PlatformList>, Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    reference::list(&PLATFORMS, &request, &state).await
}
