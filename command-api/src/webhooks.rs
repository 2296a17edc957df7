//! What the routes of webhooks need beside commands.

use crate::refusal::{key_reused, request_spent};
use contracts::order::OrderEvent;
use infra::{
    http::Problem,
    sealing::MasterKey,
    webhooks::{Endpoint, Fault, Granted, Guard, MOST_ENDPOINTS, StoreError, Terms, WebhookSecret},
};
use sqlx::PgPool;
use std::sync::Arc;

/// Endpoints, as those who may change them see them.
#[derive(Clone)]
pub struct Webhooks {
    /// Where they are kept.
    pub ops: PgPool,
    /// Seals their secrets.
    pub key: Arc<MasterKey>,
    /// Where they may be.
    pub guard: Guard,
}

impl Webhooks {
    /// Whether an endpoint may be such one.
    pub(crate) fn check(&self, terms: &Terms) -> Result<(), Problem> {
        let known = |name: &str| name == "ping" || OrderEvent::TYPES.contains(&name);
        let faults = terms.faults(&self.guard, known);
        let told = |problem: Option<Problem>, (member, detail): &Fault| {
            let problem = problem.unwrap_or_else(|| {
                Problem::unprocessable("invalid_endpoint", "The endpoint cannot be such one")
            });
            Some(problem.error(format!("/{member}"), detail.clone()))
        };
        faults.iter().fold(None, told).map_or(Ok(()), Err)
    }
}

/// What a database that does not answer, or a secret that cannot be sealed, is
/// to whoever asked.
pub(crate) fn failed(error: &StoreError) -> Problem {
    match error {
        StoreError::Database(error) => Problem::database(error),
        StoreError::Crypto(_) | StoreError::Sealed { .. } => Problem::unavailable(5)
            .detail("secrets of endpoints cannot be used")
            .caused_by(error),
    }
}

/// The endpoint, its secret, and whether it had it before; `secret` is the one that
/// was offered.
pub(crate) fn granted(
    granted: Granted,
    secret: WebhookSecret,
) -> Result<(Endpoint, WebhookSecret, bool), Problem> {
    match granted {
        Granted::New(endpoint) => Ok((endpoint, secret, false)),
        Granted::Again(endpoint, secret) => Ok((endpoint, secret, true)),
        Granted::Spent => Err(request_spent()),
        Granted::Other => Err(key_reused()),
        Granted::TooMany => Err(Problem::conflict(
            "too_many_endpoints",
            "There are as many webhook endpoints as there may be",
        )
        .detail(format!("at most {MOST_ENDPOINTS}"))),
    }
}

/// Nothing is there, or it was deleted.
pub(crate) fn endpoint_not_found() -> Problem {
    Problem::not_found("endpoint_not_found", "There is no such webhook endpoint")
}

/// A delivery that is not there.
pub(crate) fn delivery_not_found() -> Problem {
    Problem::not_found("delivery_not_found", "There is no such delivery")
}

/// It is told nothing.
pub(crate) fn endpoint_disabled() -> Problem {
    Problem::conflict("endpoint_disabled", "The webhook endpoint is disabled")
        .detail("enable it with PATCH {\"state\": \"enabled\"}")
}
