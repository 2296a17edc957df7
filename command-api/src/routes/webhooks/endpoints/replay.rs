//! `POST /v1/webhooks/endpoints/{id}/replay`: once more.

use crate::{
    call::Asked,
    documented::{OnEndpoint, answers},
    routes::webhooks::{id_of, told},
    webhooks::{endpoint_disabled, endpoint_not_found},
};
use actix_web::HttpResponse;
use infra::{
    http::Problem,
    webhooks::{self, EndpointState, Replay},
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What to send once more: what was missed, or a range of time.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"missed": true}))]
pub struct ReplayBody {
    /// Everything that failed for good, and what was skipped while the endpoint
    /// was disabled.
    #[serde(default)]
    missed: bool,
    /// Whatever was made from then on, delivered or not.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<OffsetDateTime>,
    /// Before then; until now unless told.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<OffsetDateTime>,
}

/// What is sent once more.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// Deliveries.
    replayed: u64,
    /// Where there is more than one request replays, when the last of them was
    /// made: the `from` of the next request, or `missed` once more.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    continue_from: Option<OffsetDateTime>,
}

answers!(
    Answers: 202 "It is sent" as Some("Replayed");
    &["endpoint_not_found", "endpoint_disabled", "invalid_replay"]; without orders
);

/// Replay what a webhook endpoint was told, or was not
///
/// With the same `webhook-id`s as before, the oldest first, 100,000 at most in one
/// request.
#[utoipa::path(
    post,
    path = "/v1/webhooks/endpoints/{id}/replay",
    operation_id = "replay_webhook_endpoint",
    tag = "webhooks",
    params(OnEndpoint),
    request_body = ReplayBody,
    responses(Answers),
    security(("api_key" = []))
)]
pub async fn handle(Asked { call, body }: Asked<ReplayBody>) -> Result<HttpResponse, Problem> {
    let api = &call.api.webhooks;
    let id = id_of(&call).ok_or_else(endpoint_not_found)?;
    let what = what(&body)?;
    let endpoint = super::known(&call).await?;
    if endpoint.state == EndpointState::Disabled {
        return Err(endpoint_disabled());
    }
    let replayed = webhooks::replay(&api.ops, id, what).await;
    let replayed = replayed.map_err(|error| Problem::database(&error))?;
    let count = replayed.count;
    tracing::info!(endpoint.id = %id, actor = call.principal.id, count, "webhook.replayed");
    let told_of = Replayed {
        replayed: count,
        continue_from: replayed.until,
    };
    Ok(told(HttpResponse::Accepted(), false, &told_of))
}

fn what(body: &ReplayBody) -> Result<Replay, Problem> {
    let invalid = |pointer: &str, detail: &str| {
        Problem::unprocessable("invalid_replay", "It is not clear what to replay")
            .error(pointer, detail)
    };
    match (body.missed, body.from, body.to) {
        (true, None, None) => Ok(Replay::Missed),
        (false, Some(from), to) => {
            let to = to.unwrap_or_else(infra::clock::now);
            if from >= to {
                return Err(invalid("/to", "must be after `from`"));
            }
            Ok(Replay::Range(from, to))
        }
        (true, ..) => Err(invalid("/missed", "goes without `from` and `to`")),
        (false, None, _) => Err(invalid("/from", "must be given, or `missed`")),
    }
}
