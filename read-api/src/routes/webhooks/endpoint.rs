//! `GET /v1/webhooks/endpoints/{id}`: one of them.

use crate::{
    documented::{EndpointId, NoSuchEndpoint, Refused},
    problems::endpoint_not_found,
    routes::told,
    state::State,
};
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use infra::{
    http::{Principal, Problem, Query},
    webhooks::{self, Endpoint},
};

/// One webhook endpoint
///
/// And how it goes with it. Its secret is not shown.
#[utoipa::path(
    get,
    path = "/v1/webhooks/endpoints/{id}",
    operation_id = "get_webhook_endpoint",
    tag = "webhooks",
    params(EndpointId),
    responses(
        (status = 200, description = "The endpoint", body = Endpoint),
        NoSuchEndpoint,
        Refused
    ),
    security(("api_key" = []))
)]
pub async fn handle(
    _principal: Principal,
    state: Data<State>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    Query::of(&request, &[])?;
    let id = id.parse().map_err(|_| endpoint_not_found())?;
    let found = webhooks::find(&state.ops, id).await;
    let found = found.map_err(|error| Problem::database(&error))?;
    let endpoint = found.ok_or_else(endpoint_not_found)?;
    Ok(told(HttpResponse::Ok(), &endpoint))
}
