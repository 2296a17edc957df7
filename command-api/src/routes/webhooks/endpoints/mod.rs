//! `/v1/webhooks/endpoints`: who is told of events.

pub mod change;
pub mod create;
pub mod delete;
pub mod ping;
pub mod replay;
pub mod rotate;

use super::id_of;
use crate::{call::Call, webhooks::endpoint_not_found};
use infra::{
    http::Problem,
    webhooks::{self, Endpoint, WebhookSecret},
};
use serde::Serialize;
use utoipa::ToSchema;

/// The endpoint that a path names.
async fn known(call: &Call) -> Result<Endpoint, Problem> {
    let id = id_of(call).ok_or_else(endpoint_not_found)?;
    let found = webhooks::find(&call.api.webhooks.ops, id).await;
    let found = found.map_err(|error| Problem::database(&error))?;
    found.ok_or_else(endpoint_not_found)
}

/// An endpoint with its secret.
#[derive(Serialize, ToSchema)]
pub struct EndpointWithSecret {
    /// The endpoint.
    #[serde(flatten)]
    endpoint: Endpoint,
    /// What signatures are checked with. It is not shown again.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

impl EndpointWithSecret {
    fn new(endpoint: Endpoint, secret: &WebhookSecret) -> Self {
        Self {
            endpoint,
            secret: secret.to_text(),
        }
    }
}
