//! Endpoints: who is told of what, and how it goes with them.

use super::secret::WebhookSecret;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// What somebody may say of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Where to.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Types of events: `order.placed`, `order.*`, `*`.
    pub event_types: Vec<String>,
    /// Only events of orders of this platform.
    pub platform: Option<String>,
    /// Whether an order's events are told one after the other.
    pub ordered: bool,
    /// Whether the history of imported orders is told as well.
    pub imported: bool,
    /// Requests at once.
    pub concurrency: i32,
}

/// Whether an endpoint is told anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndpointState {
    /// It is.
    Enabled,
    /// What it misses is noted.
    Disabled,
}

/// Why an endpoint is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisabledBy {
    /// Somebody asked for it.
    Request,
    /// It answered 410.
    Gone,
    /// It failed for five days, and did nothing else.
    Failing,
}

impl DisabledBy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Request, Self::Gone, Self::Failing];

    /// As it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// An endpoint as it is shown: without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Endpoint {
    /// Its id.
    pub id: Uuid,
    /// Where to.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Types of events: `order.placed`, `order.*`, `*`.
    pub event_types: Vec<String>,
    /// Only events of orders of this platform.
    pub platform: Option<String>,
    /// Whether an order's events are told one after the other.
    pub ordered: bool,
    /// Whether the history of imported orders is told as well.
    pub imported: bool,
    /// Requests at once.
    pub concurrency: i32,
    /// Whether it is told anything.
    pub state: EndpointState,
    /// Why not.
    pub disabled_by: Option<DisabledBy>,
    /// Since when not.
    #[serde(with = "time::serde::rfc3339::option")]
    pub disabled_at: Option<OffsetDateTime>,
    /// Until when requests are signed with the secret before as well.
    #[serde(with = "time::serde::rfc3339::option")]
    pub old_secret_until: Option<OffsetDateTime>,
    /// Requests that failed since one succeeded.
    pub failures: i32,
    /// Since when requests have done nothing but fail.
    #[serde(with = "time::serde::rfc3339::option")]
    pub failing_since: Option<OffsetDateTime>,
    /// Nothing is sent before, as it fails.
    #[serde(with = "time::serde::rfc3339::option")]
    pub rests_until: Option<OffsetDateTime>,
    /// When it last answered 2xx.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_success_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When somebody last changed it.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// An endpoint as it is sent to.
#[derive(Debug, Clone)]
pub struct Target {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// What requests are signed with: the present secret, then the one before
    /// as long as that counts.
    pub secrets: Vec<WebhookSecret>,
}

/// Whether a type of event is among those that somebody wants.
pub fn wants(event_types: &[String], event_type: &str) -> bool {
    event_types.iter().any(|wanted| {
        wanted == "*"
            || wanted == event_type
            || wanted
                .strip_suffix('*')
                .is_some_and(|start| start.ends_with('.') && event_type.starts_with(start))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_wanted_by_name_by_family_or_all() {
        let wanted = |types: &[&str], event_type| {
            let types: Vec<String> = types.iter().map(|&t| t.to_owned()).collect();
            wants(&types, event_type)
        };
        assert!(wanted(&["*"], "order.placed"));
        assert!(wanted(&["order.*"], "order.placed"));
        assert!(wanted(&["order.cancelled", "order.placed"], "order.placed"));
        assert!(!wanted(&["order.place"], "order.placed"));
        assert!(!wanted(&["order.p*"], "order.placed"));
        assert!(!wanted(&[], "order.placed"));
    }
}
