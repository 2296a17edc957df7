//! Deliveries: what an endpoint is told, and what came of it.

use serde::Serialize;
use std::time::Duration;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is still to be sent, or to be sent again.
    Pending,
    /// It was answered 2xx.
    Delivered,
    /// Every attempt failed.
    Failed,
    /// The endpoint was disabled.
    Skipped,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Failed, Self::Skipped];

    /// As it is stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A message before it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// The event's id.
    pub id: Uuid,
    /// Its type.
    pub event_type: String,
    /// Its order.
    pub order_id: Option<Uuid>,
    /// The order's version after it.
    pub order_version: Option<i64>,
    /// The body of every request.
    pub body: String,
    /// W3C trace context of what led to it.
    pub traceparent: Option<String>,
    /// Ties together everything that one request led to.
    pub correlation_id: Option<String>,
}

/// A delivery that is due.
#[derive(Debug, Clone)]
pub struct Due {
    /// Its id.
    pub id: Uuid,
    /// The message's.
    pub message_id: Uuid,
    /// Attempts that failed.
    pub attempts: i32,
    /// The body of the request.
    pub body: String,
    /// W3C trace context of what led to it.
    pub traceparent: Option<String>,
}

/// One request, and what was answered.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Attempt {
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How long it took, in milliseconds.
    pub duration_ms: i32,
    /// Status of the answer; none: there was none.
    pub status: Option<i32>,
    /// Why it failed.
    pub error: Option<String>,
    /// The beginning of the answer's body; `[erased]` where the order's personal data
    /// was erased.
    pub answer: Option<String>,
}

/// What a request came to, for its delivery.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It was answered 2xx.
    Delivered,
    /// It failed, and is sent again in so many seconds.
    Again(f64),
    /// It failed for the last time.
    Failed,
}

/// An attempt that has ended.
#[derive(Debug, Clone)]
pub struct Concluded {
    /// Of this delivery.
    pub delivery: Uuid,
    /// Where it was sent to.
    pub url: String,
    /// How long the receiver asks to be sent nothing.
    pub asked: Option<Duration>,
    /// How it went.
    pub attempt: Attempt,
    /// What follows.
    pub verdict: Verdict,
}

/// A delivery as it is shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
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
    /// What became of it.
    pub state: DeliveryState,
    /// Attempts that failed.
    pub attempts: i32,
    /// When it is sent next, where it is pending.
    #[serde(with = "time::serde::rfc3339::option")]
    pub due_at: Option<OffsetDateTime>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it came to its end.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}
