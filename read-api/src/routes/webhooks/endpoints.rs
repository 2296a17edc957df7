//! `GET /v1/webhooks/endpoints`: who is told of events.

use crate::{
    cursor::QueryHash,
    documented::{Paging, Refused},
    paging,
    routes::told,
    state::State,
};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    http::{Principal, Problem, Query},
    webhooks::{self, Endpoint},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &["cursor", "limit"];

/// A page of endpoints.
#[derive(Serialize, ToSchema)]
pub struct EndpointList {
    /// In the order of their ids.
    data: Vec<Endpoint>,
    /// Whether there is more.
    has_more: bool,
    /// To be passed as `cursor`.
    next_cursor: Option<String>,
}

/// Webhook endpoints
///
/// All of them, and how it goes with each. Secrets are not shown.
#[utoipa::path(
    get,
    path = "/v1/webhooks/endpoints",
    operation_id = "list_webhook_endpoints",
    tag = "webhooks",
    params(Paging),
    responses((status = 200, description = "The endpoints", body = EndpointList), Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let query = Query::of(&request, PARAMETERS)?;
    let limit = paging::limit(&query)?;
    let hash = QueryHash::of("endpoints");
    let after = match query.one("cursor")? {
        Some(cursor) => Some(state.cursors.open(hash, cursor).await?.keyset.id),
        None => None,
    };
    let data = webhooks::list_endpoints(&state.ops, after, paging::one_more(limit)).await;
    let mut data = data.map_err(|error| Problem::database(&error))?;
    let listed = (&state.cursors, hash);
    let next_cursor = paging::cut(listed, &mut data, limit, |endpoint| endpoint.id).await?;
    let page = EndpointList {
        data,
        has_more: next_cursor.is_some(),
        next_cursor,
    };
    Ok(told(HttpResponse::Ok(), &page))
}
