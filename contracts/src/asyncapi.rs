//! The `AsyncAPI` 3.0 document of the Kafka topics, made from the types that
//! are published and the topics that `orderlog migrate` creates.
//! <https://www.asyncapi.com/docs/reference/specification/v3.0.0>

mod channels;
mod messages;
mod payloads;

use crate::topics;
use payloads::Payloads;
use serde_json::{Map, Value, json};

/// Version of the Kafka bindings that the document uses.
/// <https://github.com/asyncapi/bindings/blob/master/kafka/README.md>
const BINDING_VERSION: &str = "0.5.0";

/// Why there is no document.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AsyncApiError {
    /// Two schemas define types of one name; the document has one name space.
    #[error("two published types named {0} differ: give one another name")]
    Ambiguous(String),
    /// A topic was added that the document does not describe.
    #[error("topic {0} is not described in contracts/src/asyncapi")]
    Undescribed(&'static str),
}

/// The document.
///
/// # Errors
/// A type or a topic that cannot be described; see [`AsyncApiError`].
pub fn document() -> Result<Value, AsyncApiError> {
    let payloads = Payloads::of(crate::schemas())?;
    let messages = messages::all(&payloads);
    let (mut channels, mut operations) = (Map::new(), Map::new());
    for topic in topics::ALL {
        let about = channels::about(topic.name).ok_or(AsyncApiError::Undescribed(topic.name))?;
        let carried = messages::on(topic.name, &payloads);
        operations.insert(about.operation.to_owned(), about.operation(&carried));
        channels.insert(topic.name.to_owned(), about.channel(topic, &carried));
    }
    let (about, carried) = (
        &channels::OF_PLATFORM,
        messages::on(topics::ORDER_EVENTS, &payloads),
    );
    operations.insert(about.operation.to_owned(), about.operation(&carried));
    let channel = about.channel_by_platform(&topics::ORDERS, &carried);
    channels.insert(about.name().to_owned(), channel);
    Ok(json!({
        "asyncapi": "3.0.0",
        "id": "urn:orderlog",
        "info": info(),
        "defaultContentType": crate::cloudevents::CONTENT_TYPE,
        "servers": {"kafka": server()},
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": schemas(payloads),
            "correlationIds": {"correlation": messages::correlation_id()},
        },
    }))
}

fn info() -> Value {
    json!({
        "title": "Orderlog",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "The topics of an event-sourced order system. Every event of every order \
            is on `orders.events.v1` exactly once for readers with \
            `isolation.level=read_committed`, in order per order, as CloudEvents 1.0 in binary \
            mode. What orders refer to (platforms, products, shipping) has topics of its own, likewise.\n\n\
            Compatibility is FULL_TRANSITIVE in the open content model: readers ignore \
            members that they do not know, and a break is a new version of the type or topic. \
            Amounts are integers in minor units of the order's currency; times are RFC 3339 in \
            UTC.\n\nPersonal data is sealed: an event that has some carries it in the member \
            `personal`, as ciphertext under the key of its subject.",
        "license": {
            "name": "MIT OR Apache-2.0",
            "url": "https://www.apache.org/licenses/LICENSE-2.0",
        },
        "tags": [channels::tag(channels::PUBLIC), channels::tag(channels::INTERNAL)],
    })
}

fn server() -> Value {
    json!({
        "host": "{bootstrap}",
        "protocol": "kafka",
        "title": "Apache Kafka",
        "description": "The bootstrap servers of the deployment. Topics may have a prefix there \
            (`kafka_prefix`); their addresses below are without it.",
        "variables": {"bootstrap": {
            "default": "localhost:9092",
            "description": "`HOST:PORT` of any broker.",
        }},
    })
}

fn schemas(payloads: Payloads) -> Map<String, Value> {
    let mut schemas = payloads.into_schemas();
    schemas.insert(messages::HEADERS.to_owned(), messages::headers());
    schemas.insert(
        messages::EPOCH_HEADERS.to_owned(),
        messages::epoch_headers(),
    );
    schemas.insert(
        messages::STATE_HEADERS.to_owned(),
        messages::state_headers(),
    );
    schemas
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        order::OrderEvent,
        platform::PlatformEvent,
        product::ProductEvent,
        shipping::{method::ShippingMethodEvent, zone::ShippingZoneEvent},
    };

    fn built() -> Value {
        document().expect("a document")
    }

    #[test]
    fn every_topic_has_its_shape() {
        let channels = &built()["channels"];
        for topic in topics::ALL {
            let binding = &channels[topic.name]["bindings"]["kafka"];
            assert_eq!(channels[topic.name]["address"], topic.name);
            assert_eq!(binding["partitions"], topic.partitions);
            let settings = &binding["topicConfiguration"];
            assert_eq!(settings["retention.ms"], -1);
            for (name, value) in topic.config {
                let told = match &settings[name] {
                    Value::Array(list) => list[0].as_str().expect("a text").to_owned(),
                    value => value.to_string(),
                };
                assert_eq!(told, *value, "{} of {}", name, topic.name);
            }
        }
    }

    #[test]
    fn every_event_type_is_a_message_of_its_topic_of_events() {
        let document = built();
        let shipping = [ShippingZoneEvent::TYPES, ShippingMethodEvent::TYPES].concat();
        // Beside the events of orders, the announcement of an epoch.
        for (topic, types, others, whose) in [
            (topics::ORDER_EVENTS, OrderEvent::TYPES, 1, "The order's id"),
            (
                topics::PLATFORM_EVENTS,
                PlatformEvent::TYPES,
                0,
                "The platform's id",
            ),
            (
                topics::CATALOG_EVENTS,
                ProductEvent::TYPES,
                0,
                "The product's id",
            ),
            (
                topics::SHIPPING_EVENTS,
                &shipping,
                0,
                "The zone's or method's id",
            ),
        ] {
            let carried = &document["channels"][topic]["messages"];
            let carried = carried.as_object().expect("messages");
            assert_eq!(carried.len(), types.len() + others, "{topic}");
            for event_type in types {
                assert!(carried.contains_key(&format!("{event_type}.v1")));
                let message = &document["components"]["messages"][format!("{event_type}.v1")];
                assert_eq!(message["name"], *event_type);
                let headers = &message["headers"]["properties"];
                assert_eq!(headers["ce_type"]["const"], *event_type);
                let key = &message["bindings"]["kafka"]["key"]["description"];
                assert!(key.as_str().is_some_and(|key| key.starts_with(whose)));
            }
        }
    }

    #[test]
    fn a_platforms_topic_is_like_that_of_all_orders() {
        let channels = &built()["channels"];
        let (all, own) = (
            &channels[topics::ORDER_EVENTS],
            &channels["orders.events.v1.platform"],
        );
        let address = topics::order_events_of("{platform}");
        assert_eq!(own["address"], address);
        assert_eq!(own["messages"], all["messages"]);
        let shape = |channel: &Value| channel["bindings"]["kafka"]["topicConfiguration"].clone();
        assert_eq!(shape(own), shape(all));
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = built();
        let mut open = vec![&document];
        let mut seen = 0;
        while let Some(value) = open.pop() {
            if let Some(to) = value.get("$ref").and_then(Value::as_str) {
                let pointer = to.strip_prefix('#').expect("a place in the document");
                assert!(document.pointer(pointer).is_some(), "{to} leads nowhere");
                seen += 1;
            }
            match value {
                Value::Object(members) => open.extend(members.values()),
                Value::Array(items) => open.extend(items),
                _ => {}
            }
        }
        assert!(seen > OrderEvent::TYPES.len());
    }
}
