//! An event as an entry of its order's history.

use super::fold::FoldError;
use crate::engine::Event;
use contracts::{order::OrderEvent, personal::may_be_in};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

/// What comes before the data of an entry.
const DATA: &str = ",\"data\":";

/// A [`contracts::order::TimelineEntry`] but for its data, which is its last member and
/// stays the text that came.
#[derive(Serialize)]
struct Entry<'a> {
    id: Uuid,
    #[serde(rename = "type")]
    event_type: &'a str,
    version: i64,
    #[serde(with = "time::serde::rfc3339")]
    time: OffsetDateTime,
    actor: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    correlation_id: Option<&'a str>,
    causation_id: Option<&'a str>,
    traceparent: Option<&'a str>,
}

/// The JSON of an entry. The data was read before, as JSON: it is not parsed once
/// more.
pub fn entry(event: &Event<OrderEvent>) -> Result<String, FoldError> {
    let envelope = &event.envelope;
    let data = str::from_utf8(&event.raw)?.trim_ascii();
    let mut entry = serde_json::to_string(&Entry {
        id: envelope.id,
        event_type: &envelope.event_type,
        version: envelope.sequence,
        time: envelope.time,
        actor: &envelope.actor,
        reason: reason(data)?,
        correlation_id: envelope.correlation_id.as_deref(),
        causation_id: envelope.causation_id.as_deref(),
        traceparent: envelope.traceparent.as_deref(),
    })?;
    // The brace that ends it goes behind the data.
    entry.pop();
    entry.reserve_exact(DATA.len() + data.len() + 1);
    entry.push_str(DATA);
    entry.push_str(data);
    entry.push('}');
    Ok(entry)
}

/// Why it was done, where a person said so and it can be read: neither sealed
/// nor erased.
fn reason(data: &str) -> Result<Option<String>, serde_json::Error> {
    #[derive(Deserialize)]
    struct Data<'a> {
        #[serde(borrow)]
        personal: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Readable {
        reason: Option<String>,
    }
    if !may_be_in(data) {
        return Ok(None);
    }
    let Some(personal) = serde_json::from_str::<Data<'_>>(data)?.personal else {
        return Ok(None);
    };
    let readable: Option<Readable> = serde_json::from_str(personal.get()).ok();
    Ok(readable.and_then(|readable| readable.reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::random::happened;
    use contracts::order::{OrderPlaced, Snapshot, TimelineEntry};

    fn event(raw: &str) -> Event<OrderEvent> {
        let subject = Uuid::from_u128(1);
        let placed = OrderPlaced {
            order: snapshot(subject),
            placed_at: OffsetDateTime::UNIX_EPOCH,
            exchange_of: None,
            personal: None,
        };
        let (_, event) = happened(None, subject, placed.into());
        Event {
            raw: raw.as_bytes().to_vec(),
            ..event
        }
    }

    fn snapshot(order_id: Uuid) -> Snapshot {
        Snapshot {
            order_id,
            number: "1001".into(),
            platform: "web".into(),
            external_id: None,
            currency: "GBP".into(),
            prices_include_tax: false,
            customer_id: None,
            country: "GB".into(),
            shipping_country: None,
            billing_country: None,
            lines: Vec::new(),
            shipping: None,
            tags: Vec::new(),
        }
    }

    fn read(raw: &str) -> TimelineEntry {
        let text = entry(&event(raw)).expect("an entry");
        serde_json::from_str(&text).expect("readable")
    }

    #[test]
    fn an_entry_has_the_data_as_it_came() {
        let raw = r#"{"b":1, "a":"x\n\u00e9","after":{"version":1}}"#;
        let text = entry(&event(&format!(" {raw}\n"))).expect("an entry");
        assert!(text.ends_with(&format!(",\"data\":{raw}}}")), "{text}");
        let read = read(raw);
        assert_eq!(read.version, 1);
        assert_eq!(
            read.data,
            serde_json::from_str::<serde_json::Value>(raw).expect("JSON")
        );
    }

    #[test]
    fn a_reason_is_told_where_it_can_be_read() {
        for (raw, reason) in [
            (r#"{"personal":{"reason":"asked"}}"#, Some("asked")),
            (r#"{"person\u0061l":{"reason":"asked"}}"#, Some("asked")),
            (r#"{"personal":{"subject":"x","sealed":"y"}}"#, None),
            (r#"{"personal":null}"#, None),
            (r#"{"note":"nothing personal"}"#, None),
        ] {
            assert_eq!(read(raw).reason.as_deref(), reason, "{raw}");
        }
    }

    #[test]
    fn data_that_is_no_text_is_refused() {
        let mut damaged = event("{}");
        damaged.raw = vec![b'{', 0xff, b'}'];
        assert!(matches!(entry(&damaged), Err(FoldError::Text(_))));
    }
}
