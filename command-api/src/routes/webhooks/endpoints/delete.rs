//! `DELETE /v1/webhooks/endpoints/{id}`: nobody is told any more.

use crate::{
    call::{Asked, Nothing},
    documented::{OnEndpoint, answers},
    routes::webhooks::id_of,
    webhooks::endpoint_not_found,
};
use actix_web::HttpResponse;
use infra::{http::Problem, webhooks};

answers!(
    Answers: 204 "Deleted" as None;
    &["endpoint_not_found"]; without orders
);

/// Delete a webhook endpoint
///
/// What was still to be sent to it is not sent. Its deliveries are kept as long
/// as others.
#[utoipa::path(
    delete,
    path = "/v1/webhooks/endpoints/{id}",
    operation_id = "delete_webhook_endpoint",
    tag = "webhooks",
    params(OnEndpoint),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<Nothing>) -> Result<HttpResponse, Problem> {
    let id = id_of(&call).ok_or_else(endpoint_not_found)?;
    let deleted = webhooks::delete(&call.api.webhooks.ops, id).await;
    if !deleted.map_err(|error| Problem::database(&error))? {
        return Err(endpoint_not_found());
    }
    tracing::info!(endpoint.id = %id, actor = call.principal.id, "webhook.deleted");
    Ok(HttpResponse::NoContent().finish())
}
