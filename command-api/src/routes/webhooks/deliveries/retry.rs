//! `POST /v1/webhooks/deliveries/{id}/retry`: once more.

use crate::{
    call::{Asked, Nothing},
    documented::{OnDelivery, answers},
    routes::webhooks::{id_of, told},
    webhooks::{delivery_not_found, endpoint_disabled},
};
use actix_web::HttpResponse;
use infra::{http::Problem, webhooks};

answers!(
    Answers: 202 "It is sent" as Some("Delivery");
    &["delivery_not_found", "endpoint_disabled"]; without orders
);

/// Retry a delivery
///
/// Whatever became of it, with the same `webhook-id`; attempts are counted anew.
#[utoipa::path(
    post,
    path = "/v1/webhooks/deliveries/{id}/retry",
    operation_id = "retry_webhook_delivery",
    tag = "webhooks",
    params(OnDelivery),
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, .. }: Asked<Nothing>) -> Result<HttpResponse, Problem> {
    let api = &call.api.webhooks;
    let id = id_of(&call).ok_or_else(delivery_not_found)?;
    let retried = webhooks::retry(&api.ops, id).await;
    let Some(delivery) = retried.map_err(|error| Problem::database(&error))? else {
        let found = webhooks::find_delivery(&api.ops, id).await;
        let found = found.map_err(|error| Problem::database(&error))?;
        return Err(found.map_or_else(delivery_not_found, |_| endpoint_disabled()));
    };
    tracing::info!(delivery.id = %id, actor = call.principal.id, "webhook.retried");
    Ok(told(HttpResponse::Accepted(), false, &delivery))
}
