//! `POST /v1/webhooks/endpoints`: somebody wants to be told.

use super::EndpointWithSecret;
use crate::{
    call::Asked,
    documented::{Headers, answers},
    routes::webhooks::told,
    webhooks::{failed, granted},
};
use actix_web::{HttpResponse, http::StatusCode, http::header::LOCATION};
use infra::{
    http::Problem,
    webhooks::{self, Terms, WebhookSecret},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// Requests at once, unless something else is asked for.
const CONCURRENCY: i32 = 8;

/// Who is to be told of what.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "url": "https://erp.example/hooks/orders",
    "event_types": ["order.placed", "order.cancelled"],
    "platform": "web",
    "ordered": true
}))]
pub struct NewEndpointBody {
    /// Absolute `http` or `https` URL; where its host leads to must be public,
    /// or in a network that the operator allows.
    url: String,
    /// For people.
    description: Option<String>,
    /// Types of events: `order.placed`, `order.*`, `*`.
    event_types: Vec<String>,
    /// Only events of orders of this platform.
    platform: Option<String>,
    /// Whether an order's events are told one after the other: none before the
    /// one before was delivered, or has failed for good.
    #[serde(default)]
    ordered: bool,
    /// Whether the history of imported orders is told as well.
    #[serde(default)]
    imported: bool,
    /// Requests at once, 1 to 64; 8 unless told.
    concurrency: Option<i32>,
}

answers!(
    Answers: 201 "Made" as Some("EndpointWithSecret");
    &["invalid_endpoint", "idempotency_key_reused", "request_spent", "too_many_endpoints"];
    without orders
);

/// Make a webhook endpoint
///
/// It is told of events that are recorded from now on. The answer has its
/// secret, which is not shown again. There are at most 1,000 of them.
#[utoipa::path(
    post,
    path = "/v1/webhooks/endpoints",
    operation_id = "create_webhook_endpoint",
    tag = "webhooks",
    params(Headers),
    request_body = NewEndpointBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<NewEndpointBody>) -> Result<HttpResponse, Problem> {
    let api = &call.api.webhooks;
    let terms = Terms {
        url: body.url,
        description: body.description,
        event_types: body.event_types,
        platform: body.platform,
        ordered: body.ordered,
        imported: body.imported,
        concurrency: body.concurrency.unwrap_or(CONCURRENCY),
    };
    api.check(&terms)?;
    let identity = &call.context.identity;
    let secret = WebhookSecret::random();
    let asked = (identity.id, identity.payload_hash.as_bytes());
    let created = webhooks::create(&api.ops, asked, &terms, (&api.key, &secret)).await;
    let created = created.map_err(|error| failed(&error))?;
    let (endpoint, secret, replayed) = granted(created, secret)?;
    let mut response = HttpResponse::build(StatusCode::CREATED);
    let location = format!("/v1/webhooks/endpoints/{}", endpoint.id);
    response.insert_header((LOCATION, location));
    let body = EndpointWithSecret::new(endpoint, &secret);
    Ok(told(response, replayed, &body))
}
