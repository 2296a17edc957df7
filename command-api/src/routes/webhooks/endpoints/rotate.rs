//! `POST /v1/webhooks/endpoints/{id}/rotate_secret`: another secret.

use super::EndpointWithSecret;
use crate::{
    call::Asked,
    documented::{OnEndpoint, answers},
    routes::webhooks::{id_of, told},
    webhooks::{endpoint_not_found, failed, granted},
};
use actix_web::HttpResponse;
use infra::{
    http::Problem,
    webhooks::{self, WebhookSecret},
};
use serde::Deserialize;
use std::time::Duration;
use utoipa::ToSchema;

const DAY: u64 = 86_400;
/// Longest time for which both secrets sign.
const LONGEST: u64 = 7 * DAY;

/// How.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap_seconds": 86_400}))]
pub struct RotateSecretBody {
    /// For how long requests are signed with the secret before as well: a day
    /// unless told, a week at most. 0: the secret before is known to others.
    overlap_seconds: Option<u64>,
}

answers!(
    Answers: 200 "Rotated" as Some("EndpointWithSecret");
    &["endpoint_not_found", "invalid_endpoint", "idempotency_key_reused", "request_spent"];
    without orders
);

/// Rotate the secret of a webhook endpoint
///
/// For a while requests carry a signature by each of both. The answer has the
/// new secret, which is not shown again.
#[utoipa::path(
    post,
    path = "/v1/webhooks/endpoints/{id}/rotate_secret",
    operation_id = "rotate_webhook_secret",
    tag = "webhooks",
    params(OnEndpoint),
    request_body = RotateSecretBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(
    Asked { call, body }: Asked<RotateSecretBody>,
) -> Result<HttpResponse, Problem> {
    let api = &call.api.webhooks;
    let id = id_of(&call).ok_or_else(endpoint_not_found)?;
    let overlap = body.overlap_seconds.unwrap_or(DAY);
    if overlap > LONGEST {
        return Err(
            Problem::unprocessable("invalid_endpoint", "The endpoint cannot be such one")
                .error("/overlap_seconds", format!("must be at most {LONGEST}")),
        );
    }
    let secret = WebhookSecret::random();
    let identity = &call.context.identity;
    let request = (identity.id, identity.payload_hash.as_bytes());
    let overlap = Duration::from_secs(overlap);
    let rotated = webhooks::rotate(&api.ops, id, request, (&api.key, &secret), overlap).await;
    let rotated = rotated.map_err(|error| failed(&error))?;
    let rotated = rotated.ok_or_else(endpoint_not_found)?;
    let (endpoint, secret, replayed) = granted(rotated, secret)?;
    tracing::info!(endpoint.id = %id, actor = call.principal.id, replayed, "webhook.secret_rotated");
    let body = EndpointWithSecret::new(endpoint, &secret);
    Ok(told(HttpResponse::Ok(), replayed, &body))
}
