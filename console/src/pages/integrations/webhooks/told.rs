//! Endpoints and deliveries, as the API tells them.

use crate::layout::badge;
use maud::Markup;
use serde::Deserialize;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

/// An endpoint.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: Uuid,
    /// Where to.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Types of events, `*` among them.
    pub event_types: Vec<String>,
    /// Only events of orders of this platform.
    pub platform: Option<String>,
    /// Whether an order's events are told one after the other.
    pub ordered: bool,
    /// Whether the history of imported orders is told as well.
    pub imported: bool,
    /// Requests at once.
    pub concurrency: i64,
    /// `enabled` or `disabled`.
    pub state: String,
    /// `request`, `gone` or `failing`.
    pub disabled_by: Option<String>,
    /// Since when it is disabled.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub disabled_at: Option<OffsetDateTime>,
    /// Until when the secret before counts as well.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub old_secret_until: Option<OffsetDateTime>,
    /// Requests that failed since one succeeded.
    pub failures: i64,
    /// Since when requests have done nothing but fail.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub failing_since: Option<OffsetDateTime>,
    /// Nothing is sent before.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub rests_until: Option<OffsetDateTime>,
    /// When it last answered 2xx.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub last_success_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// An endpoint with what is told once.
#[derive(Deserialize)]
pub struct WithSecret {
    /// Its id.
    pub id: Uuid,
    /// Where to.
    pub url: String,
    /// What signatures are checked with.
    pub secret: String,
}

/// How it goes with an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It answers.
    Good,
    /// Nothing was sent to it yet.
    Untried,
    /// Requests fail, and are sent again.
    Failing,
    /// It failed so often that nothing is sent for a while: its circuit is open.
    Resting,
    /// It is told nothing.
    Disabled,
}

impl Endpoint {
    /// How it goes with it at this moment.
    pub fn health(&self, now: OffsetDateTime) -> Health {
        if self.state != "enabled" {
            Health::Disabled
        } else if self.rests_until.is_some_and(|until| until > now) {
            Health::Resting
        } else if self.failures > 0 {
            Health::Failing
        } else if self.last_success_at.is_none() {
            Health::Untried
        } else {
            Health::Good
        }
    }
}

impl Health {
    /// In a few words.
    pub fn badge(self) -> Markup {
        match self {
            Self::Good => badge("healthy", "good"),
            Self::Untried => badge("nothing sent yet", ""),
            Self::Failing => badge("failing", "warm"),
            Self::Resting => badge("circuit open", "bad"),
            Self::Disabled => badge("disabled", ""),
        }
    }
}

/// A delivery.
#[derive(Debug, Deserialize)]
pub struct Delivery {
    /// Its id.
    pub id: Uuid,
    /// Who is told.
    pub endpoint_id: Uuid,
    /// `webhook-id` of every request.
    pub message_id: String,
    /// Type of the event.
    pub event_type: String,
    /// The order.
    pub order_id: Option<Uuid>,
    /// Its version after the event.
    pub order_version: Option<i64>,
    /// `pending`, `delivered`, `failed` or `skipped`.
    pub state: String,
    /// Attempts that failed.
    pub attempts: i64,
    /// When it is sent next.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub due_at: Option<OffsetDateTime>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it came to its end.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl Delivery {
    /// What became of it, in a word.
    pub fn badge(&self) -> Markup {
        let class = match self.state.as_str() {
            "delivered" => "good",
            "failed" => "bad",
            "skipped" => "warm",
            _ => "",
        };
        badge(&self.state, class)
    }

    /// Whether more is to become of it.
    pub fn is_open(&self) -> bool {
        self.state == "pending"
    }

    /// What sending it once more is called; none where it is about to be sent anyway.
    pub fn retry(&self) -> Option<&'static str> {
        match (self.is_open(), self.attempts) {
            (false, _) => Some("Retry"),
            (true, 0) => None,
            (true, _) => Some("Send now"),
        }
    }
}

/// What one delivery's answer adds. It is read apart from the delivery itself: a text
/// that is kept as it is cannot be read by way of flattened members.
#[derive(Deserialize)]
pub struct Requests {
    /// The body of every request.
    pub body: Box<RawValue>,
    /// The last requests, the first first.
    pub requests: Vec<Attempt>,
}

/// One request, and what was answered.
#[derive(Debug, Deserialize)]
pub struct Attempt {
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How long it took.
    pub duration_ms: i64,
    /// Status of the answer.
    pub status: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// The beginning of the answer's body.
    pub answer: Option<String>,
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use serde_json::json;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-01-31 12:00 UTC);

    /// An endpoint that answers, but for these members.
    pub fn endpoint(but: &serde_json::Value) -> Endpoint {
        let mut told = json!({
            "id": "019ac1f0-7c3e-7a41-9c55-2f4d6d0c11bb", "url": "https://erp.example/hooks",
            "description": null, "event_types": ["order.placed"], "platform": null,
            "ordered": false, "imported": false, "concurrency": 8, "state": "enabled",
            "disabled_by": null, "disabled_at": null, "old_secret_until": null, "failures": 0,
            "failing_since": null, "rests_until": null,
            "last_success_at": "2026-01-30T00:00:00Z", "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
        });
        for (name, value) in but.as_object().expect("members") {
            told[name] = value.clone();
        }
        serde_json::from_value(told).expect("an endpoint")
    }

    #[test]
    fn health_is_told_by_the_worst_that_holds() {
        for (but, health) in [
            (json!({}), Health::Good),
            (json!({"last_success_at": null}), Health::Untried),
            (json!({"failures": 3}), Health::Failing),
            (
                json!({"failures": 9, "rests_until": "2026-01-31T12:01:00Z"}),
                Health::Resting,
            ),
            (
                json!({"failures": 9, "rests_until": "2026-01-31T11:59:00Z"}),
                Health::Failing,
            ),
            (
                json!({"state": "disabled", "failures": 9}),
                Health::Disabled,
            ),
        ] {
            assert_eq!(endpoint(&but).health(NOW), health, "{but}");
        }
    }
}
