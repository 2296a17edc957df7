//! `/v1/webhooks/endpoints`: who is told of events.

pub mod change;
pub mod create;
pub mod delete;
pub mod ping;
pub mod replay;
pub mod rotate;

use infra::webhooks::{Endpoint, WebhookSecret};
use serde::Serialize;
use utoipa::ToSchema;

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
