//! What is told of an event.

use contracts::{CloudEvent, order::OrderEvent};
use infra::webhooks::{Endpoint, NewMessage, wants};
use serde::Serialize;
use serde_json::{Map, Value};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Clocks of two servers differ by less: an event that was recorded so long
/// before its endpoint was made may have come after it.
const SKEW: Duration = Duration::seconds(1);
/// Personal data of an event. Whoever may see it reads the order.
const PERSONAL: &str = "personal";

/// An event, and what its order says of it.
#[derive(Debug, Clone)]
pub struct News<'a> {
    /// Who, when.
    pub envelope: &'a CloudEvent,
    /// What happened.
    pub event: &'a OrderEvent,
    /// The order's sales channel.
    pub platform: &'a str,
    /// Whether it came with an imported order, as its history.
    pub history: bool,
}

/// An event, as its message tells it.
pub struct Fact<'a> {
    /// Its type.
    pub event_type: &'a str,
    /// When it was recorded.
    pub time: OffsetDateTime,
    /// Its order.
    pub order: Uuid,
    /// The order's version after it: counts its events, without gaps.
    pub version: i64,
    /// The order's sales channel.
    pub platform: &'a str,
}

/// The body of a request. `data` are the event's own members.
///
/// # Errors
/// Never: times have an RFC 3339 form.
pub fn body(fact: &Fact<'_>, mut data: Map<String, Value>) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(rename = "type")]
        event_type: &'a str,
        #[serde(with = "time::serde::rfc3339")]
        timestamp: OffsetDateTime,
        data: Map<String, Value>,
    }
    data.remove(PERSONAL);
    data.insert("order_id".into(), fact.order.to_string().into());
    data.insert("order_version".into(), fact.version.into());
    data.insert("platform".into(), fact.platform.into());
    serde_json::to_string(&Body {
        event_type: fact.event_type,
        timestamp: fact.time,
        data,
    })
}

impl News<'_> {
    /// Whether an endpoint is to be told of it.
    fn is_for(&self, endpoint: &Endpoint) -> bool {
        let platform = endpoint.platform.as_deref();
        platform.is_none_or(|platform| platform == self.platform)
            && wants(&endpoint.event_types, &self.envelope.event_type)
            && (endpoint.imported || !self.history)
            // What is consumed late is older than who wants to be told.
            && self.envelope.time + SKEW >= endpoint.created_at
    }

    fn message(&self) -> Result<NewMessage, serde_json::Error> {
        let envelope = self.envelope;
        let fact = Fact {
            event_type: &envelope.event_type,
            time: envelope.time,
            order: envelope.subject,
            version: envelope.sequence,
            platform: self.platform,
        };
        Ok(NewMessage {
            id: envelope.id,
            event_type: envelope.event_type.clone(),
            order_id: Some(envelope.subject),
            order_version: Some(envelope.sequence),
            body: body(&fact, serde_json::from_slice(&self.event.to_data()?)?)?,
            traceparent: envelope.traceparent.clone(),
            correlation_id: envelope.correlation_id.clone(),
        })
    }
}

/// What is to be written of a batch of events.
#[derive(Debug, Default)]
pub struct Messages {
    /// What somebody wants to be told.
    pub messages: Vec<NewMessage>,
    /// To whom each of them goes, by its index.
    pub deliveries: Vec<(usize, Uuid)>,
}

impl Messages {
    /// Adds an event, where there is an endpoint that wants it.
    ///
    /// # Errors
    /// Never: every event has a JSON form.
    pub fn add(
        &mut self,
        news: &News<'_>,
        endpoints: &[Endpoint],
    ) -> Result<(), serde_json::Error> {
        let told = endpoints.iter().filter(|endpoint| news.is_for(endpoint));
        let (n, before) = (self.messages.len(), self.deliveries.len());
        self.deliveries
            .extend(told.map(|endpoint| (n, endpoint.id)));
        if self.deliveries.len() > before {
            self.messages.push(news.message()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_body_says_which_order_and_nothing_of_persons() {
        let fact = Fact {
            event_type: "order.note_added",
            time: OffsetDateTime::UNIX_EPOCH,
            order: Uuid::nil(),
            version: 4,
            platform: "web",
        };
        let data = json!({"note_id": "n1", "platform": "x", "personal": {"text": "ring twice"}});
        let Value::Object(data) = data else {
            panic!("it is an object");
        };
        let body = body(&fact, data).expect("JSON");
        let expected = json!({
            "type": "order.note_added", "timestamp": "1970-01-01T00:00:00Z",
            "data": {
                "note_id": "n1", "order_id": Uuid::nil(), "order_version": 4, "platform": "web"
            }
        });
        assert_eq!(serde_json::from_str::<Value>(&body).ok(), Some(expected));
    }
}
