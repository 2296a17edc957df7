//! `POST /v1/webhooks/endpoints/{id}/ping`: whether somebody listens.

use crate::{
    call::{Asked, Nothing},
    documented::{OnEndpoint, answers},
    routes::webhooks::{id_of, told},
    webhooks::{endpoint_disabled, endpoint_not_found},
};
use actix_web::HttpResponse;
use infra::{clock, http::Problem, webhooks};
use serde_json::json;
use time::format_description::well_known::Rfc3339;

answers!(
    Answers: 202 "It is sent" as Some("Delivery");
    &["endpoint_not_found", "endpoint_disabled"]; without orders
);

/// Ping a webhook endpoint
///
/// Sends an event of the type `ping`, whatever types the endpoint wants. What
/// came of it is at `GET /v1/webhooks/deliveries/{id}`.
#[utoipa::path(
    post,
    path = "/v1/webhooks/endpoints/{id}/ping",
    operation_id = "ping_webhook_endpoint",
    tag = "webhooks",
    params(OnEndpoint),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<Nothing>) -> Result<HttpResponse, Problem> {
    let api = &call.api.webhooks;
    let id = id_of(&call).ok_or_else(endpoint_not_found)?;
    let now = clock::now().format(&Rfc3339).map_err(Problem::internal)?;
    let body = json!({ "type": "ping", "timestamp": now, "data": { "endpoint_id": id } });
    let message = call.context.identity.id;
    let sent = webhooks::ping(&api.ops, id, message, &body.to_string()).await;
    let Some((delivery, replayed)) = sent.map_err(|error| Problem::database(&error))? else {
        let found = webhooks::find(&api.ops, id).await;
        let found = found.map_err(|error| Problem::database(&error))?;
        return Err(found.map_or_else(endpoint_not_found, |_| endpoint_disabled()));
    };
    Ok(told(HttpResponse::Accepted(), replayed, &delivery))
}
