//! `GET /v1/webhooks/endpoints`: who is told of events.

use crate::{
    documented::{Paging, Refused},
    paging::{self, ById},
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
    let page = ById::of(&state.cursors, &query, limit, "endpoints").await?;
    let listed = webhooks::list_endpoints(&state.ops, page.after, page.one_more()).await;
    let (data, next_cursor) = page.cut(listed, |endpoint| endpoint.id).await?;
    let page = EndpointList {
        data,
        has_more: next_cursor.is_some(),
        next_cursor,
    };
    Ok(told(HttpResponse::Ok(), &page))
}
