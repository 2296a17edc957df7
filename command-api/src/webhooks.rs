//! What the routes of webhooks need beside commands.

use contracts::order::OrderEvent;
use infra::{
    http::Problem,
    sealing::MasterKey,
    webhooks::{Fault, Guard, StoreError, Terms},
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
