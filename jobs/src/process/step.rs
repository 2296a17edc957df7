//! A command to be issued.

use contracts::CloudEvent;
use std::fmt::Write as _;
use time::OffsetDateTime;
use uuid::Uuid;

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Confirms a placed order.
    Confirm,
    /// Cancels an order that was not paid in time.
    Expire,
    /// Gives up an authorisation of what was cancelled.
    Void,
    /// Gives back money for what was cancelled.
    Refund,
    /// Puts a settled order out of the way.
    Archive,
    /// Tells a return which order replaces its goods.
    LinkExchange,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Confirm,
        Self::Expire,
        Self::Void,
        Self::Refund,
        Self::Archive,
        Self::LinkExchange,
    ];

    /// As it stands in the table, in keys and in labels of metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Expire => "expire",
            Self::Void => "void",
            Self::Refund => "refund",
            Self::Archive => "archive",
            Self::LinkExchange => "link_exchange",
        }
    }

    /// Whether an order has at most one of it, which later events move or
    /// drop, and which must not happen to an order that has moved on.
    pub const fn is_timer(self) -> bool {
        matches!(self, Self::Expire | Self::Archive)
    }
}

/// A command that is due some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Also its Idempotency-Key: made of the event, so that whoever reacts to
    /// that event makes the same one.
    pub key: String,
    /// Order whose events led to it.
    pub order_id: Uuid,
    /// What it is for.
    pub kind: Kind,
    /// Where it is posted to.
    pub path: String,
    /// What is posted: JSON.
    pub body: String,
    /// When it is due.
    pub due_at: OffsetDateTime,
    /// Event that led to it.
    pub causation_id: Uuid,
    /// Ties together everything that one request led to.
    pub correlation_id: Option<String>,
    /// W3C trace context of the event's command.
    pub traceparent: Option<String>,
}

impl Step {
    /// A step on the order of `event`, due when it happened.
    pub fn new(event: &CloudEvent, kind: Kind, action: &str, body: &serde_json::Value) -> Self {
        Self {
            key: format!("process:{}:{}", kind.as_str(), event.id),
            order_id: event.subject,
            kind,
            path: format!("/v1/orders/{}/{action}", event.subject),
            body: body.to_string(),
            due_at: event.time,
            causation_id: event.id,
            correlation_id: event.correlation_id.clone(),
            traceparent: event.traceparent.clone(),
        }
    }

    /// One of several of its kind that the event leads to.
    pub fn of(mut self, part: &str) -> Self {
        self.key = format!("{}:{part}", self.key);
        self
    }

    /// Due later than the event.
    pub const fn due(mut self, at: OffsetDateTime) -> Self {
        self.due_at = at;
        self
    }
}

/// A text as one segment of a path.
pub fn segment(text: &str) -> String {
    text.bytes().fold(String::new(), |mut path, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            path.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}

#[cfg(test)]
mod tests {
    use super::{Kind, segment};
    use std::collections::BTreeSet;

    #[test]
    fn a_segment_stays_one() {
        assert_eq!(segment("r1"), "r1");
        assert_eq!(segment("a/b?"), "a%2Fb%3F");
    }

    #[test]
    fn kinds_have_names_of_their_own() {
        let names: BTreeSet<_> = Kind::ALL.map(Kind::as_str).into_iter().collect();
        assert_eq!(names.len(), Kind::ALL.len());
    }
}
