//! `PATCH /v1/webhooks/endpoints/{id}`: other terms, or none for a while.

use crate::{
    call::Asked,
    documented::{OnEndpoint, answers},
    request::Change,
    routes::webhooks::{id_of, told},
    webhooks::endpoint_not_found,
};
use actix_web::HttpResponse;
use infra::{
    http::Problem,
    webhooks::{self, EndpointState, Terms},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// What is to change; what is absent stays.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"event_types": ["*"], "platform": null, "state": "enabled"}))]
pub struct ChangeEndpointBody {
    /// Absolute `http` or `https` URL.
    url: Option<String>,
    /// For people; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Change<String>,
    /// Types of events.
    event_types: Option<Vec<String>>,
    /// Only events of orders of this platform; null: of all.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    platform: Change<String>,
    /// Whether an order's events are told one after the other.
    ordered: Option<bool>,
    /// Whether the history of imported orders is told as well.
    imported: Option<bool>,
    /// Requests at once, 1 to 64.
    concurrency: Option<i32>,
    /// `disabled`: nothing is sent, and what is missed is noted. `enabled`: what
    /// comes from now on is sent, with a clean record; what was missed can be
    /// replayed.
    state: Option<EndpointState>,
}

answers!(
    Answers: 200 "Changed" as Some("Endpoint");
    &["invalid_endpoint", "endpoint_not_found"]; without orders
);

/// Change a webhook endpoint
///
/// What is absent stays. One that was disabled begins with a clean record when it
/// is enabled again, and so does one that gets another URL.
#[utoipa::path(
    patch,
    path = "/v1/webhooks/endpoints/{id}",
    operation_id = "change_webhook_endpoint",
    tag = "webhooks",
    params(OnEndpoint),
    request_body = ChangeEndpointBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(
    Asked { call, body }: Asked<ChangeEndpointBody>,
) -> Result<HttpResponse, Problem> {
    let api = &call.api.webhooks;
    let id = id_of(&call).ok_or_else(endpoint_not_found)?;
    let failed = |error| Problem::database(&error);
    // Nobody changes other members meanwhile.
    let mut transaction = api.ops.begin().await.map_err(failed)?;
    let present = webhooks::lock(&mut transaction, id).await.map_err(failed)?;
    let present = present.ok_or_else(endpoint_not_found)?;
    let terms = Terms {
        url: body.url.unwrap_or(present.url),
        description: body.description.or(present.description),
        event_types: body.event_types.unwrap_or(present.event_types),
        platform: body.platform.or(present.platform),
        ordered: body.ordered.unwrap_or(present.ordered),
        imported: body.imported.unwrap_or(present.imported),
        concurrency: body.concurrency.unwrap_or(present.concurrency),
    };
    api.check(&terms)?;
    let enabled = body.state.map(|state| state == EndpointState::Enabled);
    let changed = webhooks::change(&mut transaction, id, &terms, enabled).await;
    let changed = changed.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    tracing::info!(endpoint.id = %id, actor = call.principal.id, state = ?changed.state, "webhook.changed");
    Ok(told(HttpResponse::Ok(), false, &changed))
}
