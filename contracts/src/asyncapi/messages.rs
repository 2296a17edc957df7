//! Messages: one per event type, the order's document, and the relay's note.

use super::{BINDING_VERSION, payloads::Payloads};
use crate::{cloudevents, epoch::EPOCH_BEGAN, personal, state, topics};
use serde_json::{Map, Value, json};

/// Name of the schema of the headers that every event has.
pub(super) const HEADERS: &str = "CloudEventHeaders";
/// Name of the schema of the order's document.
const STATE: &str = "order.v1";
/// Name of the schema of the headers of a document.
pub(super) const STATE_HEADERS: &str = "StateHeaders";
/// Name of the schema of the headers of an announcement.
pub(super) const EPOCH_HEADERS: &str = "EpochHeaders";
/// Name of the schema of the announcement of an epoch.
const EPOCH: &str = "log.epoch_began.v1";
/// Name of the message of the relay.
const PROGRESS: &str = "relay.progress";

/// `components/messages`.
pub(super) fn all(payloads: &Payloads) -> Map<String, Value> {
    let mut messages: Map<String, Value> = payloads
        .names()
        .iter()
        .map(|name| {
            let message = match name.as_str() {
                STATE => document(),
                EPOCH => epoch_began(),
                _ => event(name, payloads.has(name, personal::MEMBER)),
            };
            (name.clone(), message)
        })
        .collect();
    messages.insert(PROGRESS.to_owned(), progress());
    messages
}

/// The names of the messages on a topic.
pub(super) fn on<'a>(topic: &str, payloads: &'a Payloads) -> Vec<&'a str> {
    let names = payloads.names().iter().map(String::as_str);
    match topic {
        topics::ORDER_EVENTS => names
            .filter(|name| *name == EPOCH || (ORDER.has(name) && *name != STATE))
            .collect(),
        topics::ORDER_STATE => vec![STATE],
        topics::PLATFORM_EVENTS => names.filter(|name| PLATFORM.has(name)).collect(),
        topics::CATALOG_EVENTS => names.filter(|name| PRODUCT.has(name)).collect(),
        topics::SHIPPING_EVENTS => names.filter(|name| SHIPPING.has(name)).collect(),
        _ => vec![PROGRESS],
    }
}

/// What events are about.
struct Subject {
    /// How their types begin.
    types: &'static str,
    /// Before "id".
    whose: &'static str,
}

impl Subject {
    fn has(&self, event_type: &str) -> bool {
        event_type.starts_with(self.types)
    }
}

const ORDER: Subject = Subject {
    types: "order.",
    whose: "The order's",
};
const PLATFORM: Subject = Subject {
    types: "platform.",
    whose: "The platform's",
};
const PRODUCT: Subject = Subject {
    types: "product.",
    whose: "The product's",
};
const SHIPPING: Subject = Subject {
    types: "shipping_",
    whose: "The zone's or method's",
};

/// What an event of this type is about.
fn subject(event_type: &str) -> &'static Subject {
    let mut others = [&PLATFORM, &PRODUCT, &SHIPPING].into_iter();
    let found = others.find(|subject| subject.has(event_type));
    found.unwrap_or(&ORDER)
}

fn event(schema: &str, has_personal_data: bool) -> Value {
    let event_type = schema.strip_suffix(".v1").unwrap_or(schema);
    let mut tags = vec![json!({"name": "event"})];
    if has_personal_data {
        tags.push(json!({
            "name": "sealed-personal-data",
            "description": "Has the member `personal`: ciphertext under its subject's key.",
        }));
    }
    json!({
        "name": event_type,
        "title": title(event_type),
        "contentType": cloudevents::CONTENT_TYPE,
        "headers": {
            "type": "object",
            "allOf": [{"$ref": format!("#/components/schemas/{HEADERS}")}],
            "properties": {"ce_type": {"const": event_type}},
        },
        "payload": {"$ref": format!("#/components/schemas/{schema}")},
        "correlationId": {"$ref": "#/components/correlationIds/correlation"},
        "bindings": keyed_by(subject(event_type)),
        "tags": tags,
    })
}

fn epoch_began() -> Value {
    json!({
        "name": EPOCH_BEGAN,
        "title": "Log epoch began",
        "summary": "The log was restored from a backup; what was published beyond \
            `last_position` is no longer true. Once on every partition, without a key.",
        "contentType": cloudevents::CONTENT_TYPE,
        "headers": {
            "type": "object",
            "allOf": [{"$ref": format!("#/components/schemas/{EPOCH_HEADERS}")}],
            "properties": {"ce_type": {"const": EPOCH_BEGAN}},
        },
        "payload": {"$ref": format!("#/components/schemas/{EPOCH}")},
        "tags": [{"name": "epoch"}],
    })
}

fn document() -> Value {
    json!({
        "name": state::ORDER,
        "title": "Order",
        "summary": "The whole order as of its latest version.",
        "contentType": cloudevents::CONTENT_TYPE,
        "headers": {"$ref": format!("#/components/schemas/{STATE_HEADERS}")},
        "payload": {"$ref": format!("#/components/schemas/{STATE}")},
        "bindings": keyed_by(&ORDER),
        "tags": [{"name": "state"}],
    })
}

fn progress() -> Value {
    json!({
        "name": PROGRESS,
        "title": "Progress of the relay",
        "summary": "Internal: the place in the log up to which events are published.",
        "contentType": cloudevents::CONTENT_TYPE,
        "payload": {"type": "object", "description": "Internal; not a contract."},
        "bindings": keyed(&json!({"type": "string", "description": "Name of the topic of events."})),
        "tags": [{"name": "progress"}],
    })
}

/// `order.note_added` becomes `Order note added`.
fn title(event_type: &str) -> String {
    let words = event_type.replace(['.', '_'], " ");
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn keyed_by(subject: &Subject) -> Value {
    let whose = subject.whose;
    let about = format!("{whose} id, lower case with hyphens; murmur2 chooses the partition.");
    keyed(&json!({"type": "string", "format": "uuid", "description": about}))
}

fn keyed(key: &Value) -> Value {
    json!({"kafka": {"key": key, "bindingVersion": BINDING_VERSION}})
}

/// Where the correlation id of a message is.
pub(super) fn correlation_id() -> Value {
    json!({
        "location": "$message.header#/ce_correlationid",
        "description": "Ties together everything that one request led to; absent without one.",
    })
}

/// The headers of the binary mode; see [`crate::cloudevents`].
pub(super) fn headers() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let uuid =
        |description: &str| json!({"type": "string", "format": "uuid", "description": description});
    json!({
        "type": "object",
        "description": "CloudEvents 1.0, Kafka binding, binary mode: attributes are headers with \
            the prefix `ce_`, each as text in UTF-8. There may be more headers than these.",
        "required": [
            "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject",
            "ce_sequence", "ce_actor", "ce_position", "content-type",
        ],
        "properties": {
            "ce_specversion": {"const": "1.0", "description": "Version of CloudEvents."},
            "ce_id": uuid("The event's id: the same whenever the event is published again."),
            "ce_source": {"const": cloudevents::SOURCE, "description": "The system it is from."},
            "ce_type": text("The event's type, which decides the schema of its data."),
            "ce_time": {"type": "string", "format": "date-time",
                        "description": "When the log recorded it."},
            "ce_subject": uuid("The id of what the event is about, as in the key."),
            "ce_sequence": {"type": "string", "pattern": "^[1-9][0-9]*$",
                            "description": "Its version after the event: 1, 2, 3, …"},
            "ce_actor": text("Who issued the command."),
            "ce_position": text("Opaque: `min_position` of the read API waits for it."),
            "ce_correlationid": text("Ties together everything that one request led to."),
            "ce_causationid": text("The command or event that led to this one."),
            "traceparent": text("W3C trace context of the command."),
            "ce_platformversion": text("The version of the platform's rules that the event was \
                decided by; absent where none were asked, 0 where nobody has saved the platform."),
            "content-type": {"const": cloudevents::CONTENT_TYPE, "description": "Of the data."},
        },
    })
}

/// The headers of the announcement of an epoch: those of every event that are
/// not about an order; see [`crate::epoch`].
pub(super) fn epoch_headers() -> Value {
    let mut schema = headers();
    let about_an_order = [
        "ce_subject",
        "ce_sequence",
        "ce_actor",
        "ce_correlationid",
        "ce_causationid",
        "traceparent",
        "ce_platformversion",
    ];
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.retain(|name, _| !about_an_order.contains(&name.as_str()));
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| !about_an_order.iter().any(|other| name == other));
    }
    schema
}

/// The headers of a document; see [`crate::state`].
pub(super) fn state_headers() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    json!({
        "type": "object",
        "description": "CloudEvents 1.0, Kafka binding, binary mode, as of every event. A record \
            without a value has no headers. There may be more headers than these.",
        "required": [
            "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject",
            "ce_sequence", "ce_epoch", "content-type",
        ],
        "properties": {
            "ce_specversion": {"const": "1.0", "description": "Version of CloudEvents."},
            "ce_id": {"type": "string", "format": "uuid",
                      "description": "The same whenever the same document is published again."},
            "ce_source": {"const": cloudevents::SOURCE, "description": "The system it is from."},
            "ce_type": {"const": state::ORDER, "description": "What the document is of."},
            "ce_time": {"type": "string", "format": "date-time",
                        "description": "When the log recorded the order's last event."},
            "ce_subject": {"type": "string", "format": "uuid",
                           "description": "The order's id, as in the key."},
            "ce_sequence": {"type": "string", "pattern": "^[1-9][0-9]*$",
                            "description": "The order's version, as in the document."},
            "ce_epoch": text("Epoch of the log: a version may be lower than before only where \
                this is higher than before."),
            "content-type": {"const": cloudevents::CONTENT_TYPE, "description": "Of the document."},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CloudEvent, LogPosition, PositionToken};
    use std::collections::BTreeSet;
    use time::OffsetDateTime;
    use uuid::Uuid;

    /// The names of the headers of an event, with or without those that may be
    /// absent.
    fn sent(optional: Option<&str>) -> BTreeSet<String> {
        let event = CloudEvent {
            id: Uuid::nil(),
            event_type: "order.placed".to_owned(),
            time: OffsetDateTime::UNIX_EPOCH,
            subject: Uuid::nil(),
            sequence: 1,
            actor: "key_1".to_owned(),
            correlation_id: optional.map(str::to_owned),
            causation_id: optional.map(str::to_owned),
            traceparent: optional.map(str::to_owned),
            platform_version: optional.map(str::to_owned),
            position: PositionToken {
                topic: topics::ORDER_EVENTS.to_owned(),
                partition: 0,
                at: LogPosition::START,
            },
        };
        let names = event.headers().into_iter();
        names.map(|(name, _)| name.to_owned()).collect()
    }

    #[test]
    fn the_headers_are_those_that_are_sent() {
        let schema = headers();
        let described = schema["properties"].as_object().expect("properties");
        let described: BTreeSet<String> = described.keys().cloned().collect();
        assert_eq!(described, sent(Some("x")));
        let required = schema["required"].as_array().expect("a list");
        let required: BTreeSet<String> = required
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
        assert_eq!(required, sent(None));
    }

    #[test]
    fn the_headers_of_a_document_are_those_that_are_sent() {
        let sent = state::StateHeaders {
            epoch: 1,
            kind: state::ORDER,
            subject: Uuid::nil(),
            version: 1,
            updated_at: OffsetDateTime::UNIX_EPOCH,
        };
        let sent: BTreeSet<_> = sent.headers(b"{}").into_iter().map(|(n, _)| n).collect();
        let schema = state_headers();
        let described = schema["properties"].as_object().expect("properties");
        assert!(described.keys().eq(&sent));
        let required = schema["required"].as_array().expect("a list");
        let required: BTreeSet<_> = required.iter().filter_map(Value::as_str).collect();
        assert_eq!(required, sent);
    }

    #[test]
    fn a_title_is_for_people() {
        assert_eq!(title("order.note_added"), "Order note added");
    }
}
