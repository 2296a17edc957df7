//! `GET /v1/webhooks/endpoints`: who is told of events.

use crate::{documented::Refused, routes::told, state::State};
use actix_web::{HttpRequest, HttpResponse, web::Data};
use infra::{
    http::{Principal, Problem, Query},
    webhooks::{self, Endpoint},
};
use serde::Serialize;
use utoipa::ToSchema;

/// All endpoints.
#[derive(Serialize, ToSchema)]
pub struct EndpointList {
    /// The oldest first.
    data: Vec<Endpoint>,
}

/// Webhook endpoints
///
/// All of them, and how it goes with each. Secrets are not shown.
#[utoipa::path(
    get,
    path = "/v1/webhooks/endpoints",
    operation_id = "list_webhook_endpoints",
    tag = "webhooks",
    responses((status = 200, description = "The endpoints", body = EndpointList), Refused),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let data = webhooks::list(&state.ops).await;
    let data = data.map_err(|error| Problem::database(&error))?;
    Ok(told(HttpResponse::Ok(), &EndpointList { data }))
}
