//! The `CloudEvents` 1.0 envelope in Kafka's binary mode: attributes are record
//! headers with the prefix `ce_`, the record's value is the event's data.
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md>
//!
//! Where events are lines of a file, attributes and data are members of one
//! object ([`CloudEvent::to_json`]), as in the JSON format of `CloudEvents`.
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>

use crate::position::PositionToken;
use serde::Serialize;
use serde_json::value::RawValue;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

/// `ce_source` of every event of this system.
pub const SOURCE: &str = "/orderlog";
/// `content-type` of every record.
pub const CONTENT_TYPE: &str = "application/json";

/// One published event without its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudEvent {
    /// `ce_id`: `UUIDv5` of (epoch, order id, sequence); see [`event_id`].
    pub id: Uuid,
    /// `ce_type`, e.g. `order.placed`.
    pub event_type: String,
    /// `ce_time`: when the log recorded it.
    pub time: OffsetDateTime,
    /// `ce_subject`: the aggregate's id, also the record's key.
    pub subject: Uuid,
    /// `ce_sequence`: the aggregate's version after this event, from 1.
    pub sequence: i64,
    /// `ce_actor`: the principal that issued the command.
    pub actor: String,
    /// `ce_correlationid`: ties together everything that one request led to.
    pub correlation_id: Option<String>,
    /// `ce_causationid`: the command or event that led to this one.
    pub causation_id: Option<String>,
    /// `traceparent`: W3C trace context of the command.
    pub traceparent: Option<String>,
    /// `ce_platformversion`: the version of its platform's rules that the event
    /// was decided by; absent where none were asked, 0 where nobody has saved the
    /// platform.
    pub platform_version: Option<String>,
    /// `ce_position`: the token to wait for, or to resume after.
    pub position: PositionToken,
}

/// A record whose headers are not such an envelope.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EnvelopeError {
    /// A required header is absent.
    #[error("header {0} is missing")]
    Missing(&'static str),
    /// A header's value cannot be read.
    #[error("header {0} is malformed")]
    Malformed(&'static str),
}

/// The id of the event with this `sequence` of aggregate `subject`.
pub fn event_id(epoch: i32, subject: Uuid, sequence: i64) -> Uuid {
    const NAMESPACE: Uuid = Uuid::from_u128(0x6f72_6465_726c_6f67_8001_6576_656e_7473);
    let mut name = [0_u8; 28];
    name[..4].copy_from_slice(&epoch.to_be_bytes());
    name[4..20].copy_from_slice(subject.as_bytes());
    name[20..].copy_from_slice(&sequence.to_be_bytes());
    Uuid::new_v5(&NAMESPACE, &name)
}

impl CloudEvent {
    /// The record headers, in a fixed order. Absent attributes are left out.
    ///
    /// # Panics
    /// Never: every time of the log has an RFC 3339 form.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let time = self.time.format(&Rfc3339).unwrap_or_default();
        let mut headers = vec![
            ("ce_specversion", "1.0".to_owned()),
            ("ce_id", self.id.to_string()),
            ("ce_source", SOURCE.to_owned()),
            ("ce_type", self.event_type.clone()),
            ("ce_time", time),
            ("ce_subject", self.subject.to_string()),
            ("ce_sequence", self.sequence.to_string()),
            ("ce_actor", self.actor.clone()),
            ("ce_position", self.position.to_string()),
            ("content-type", CONTENT_TYPE.to_owned()),
        ];
        let optional = [
            ("ce_correlationid", &self.correlation_id),
            ("ce_causationid", &self.causation_id),
            ("traceparent", &self.traceparent),
            ("ce_platformversion", &self.platform_version),
        ];
        for (name, value) in optional {
            headers.extend(value.iter().map(|v| (name, v.clone())));
        }
        headers
    }

    /// Event and data as one JSON object on one line, without its end. Names are
    /// those of the headers without `ce_`; `data` is as it is published.
    ///
    /// # Errors
    /// When `data` is not JSON.
    pub fn to_json(&self, data: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
        let structured = |data| Structured {
            specversion: "1.0",
            id: self.id,
            source: SOURCE,
            event_type: &self.event_type,
            time: self.time,
            subject: self.subject,
            sequence: self.sequence,
            actor: &self.actor,
            position: &self.position,
            correlation_id: self.correlation_id.as_deref(),
            causation_id: self.causation_id.as_deref(),
            traceparent: self.traceparent.as_deref(),
            platform_version: self.platform_version.as_deref(),
            datacontenttype: CONTENT_TYPE,
            data,
        };
        let mut line = serde_json::to_vec(&structured(serde_json::from_slice(data)?))?;
        // Text of JSON has no line breaks but between its parts.
        for byte in &mut line {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        Ok(line)
    }

    /// Reads the envelope back from a record's headers.
    pub fn from_headers<'a>(
        headers: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, EnvelopeError> {
        let mut found = Found::default();
        for (name, value) in headers {
            found.take(name, value);
        }
        found.envelope()
    }
}

#[derive(Serialize)]
struct Structured<'a> {
    specversion: &'static str,
    id: Uuid,
    source: &'static str,
    #[serde(rename = "type")]
    event_type: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    time: OffsetDateTime,
    subject: Uuid,
    sequence: i64,
    actor: &'a str,
    position: &'a PositionToken,
    #[serde(rename = "correlationid", skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
    #[serde(rename = "causationid", skip_serializing_if = "Option::is_none")]
    causation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    #[serde(rename = "platformversion", skip_serializing_if = "Option::is_none")]
    platform_version: Option<&'a str>,
    datacontenttype: &'static str,
    data: &'a RawValue,
}

#[derive(Default)]
struct Found<'a> {
    specversion: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
    event_type: Option<&'a [u8]>,
    time: Option<&'a [u8]>,
    subject: Option<&'a [u8]>,
    sequence: Option<&'a [u8]>,
    actor: Option<&'a [u8]>,
    correlation_id: Option<&'a [u8]>,
    causation_id: Option<&'a [u8]>,
    traceparent: Option<&'a [u8]>,
    platform_version: Option<&'a [u8]>,
    position: Option<&'a [u8]>,
}

impl<'a> Found<'a> {
    fn take(&mut self, name: &str, value: &'a [u8]) {
        let slot = match name {
            "ce_specversion" => &mut self.specversion,
            "ce_id" => &mut self.id,
            "ce_type" => &mut self.event_type,
            "ce_time" => &mut self.time,
            "ce_subject" => &mut self.subject,
            "ce_sequence" => &mut self.sequence,
            "ce_actor" => &mut self.actor,
            "ce_correlationid" => &mut self.correlation_id,
            "ce_causationid" => &mut self.causation_id,
            "traceparent" => &mut self.traceparent,
            "ce_platformversion" => &mut self.platform_version,
            "ce_position" => &mut self.position,
            _ => return,
        };
        *slot = Some(value);
    }

    fn envelope(self) -> Result<CloudEvent, EnvelopeError> {
        if required("ce_specversion", self.specversion)? != "1.0" {
            return Err(EnvelopeError::Malformed("ce_specversion"));
        }
        let time = required("ce_time", self.time)?;
        Ok(CloudEvent {
            id: parsed("ce_id", self.id)?,
            event_type: required("ce_type", self.event_type)?.to_owned(),
            time: OffsetDateTime::parse(time, &Rfc3339)
                .map_err(|_| EnvelopeError::Malformed("ce_time"))?,
            subject: parsed("ce_subject", self.subject)?,
            sequence: parsed("ce_sequence", self.sequence)?,
            actor: required("ce_actor", self.actor)?.to_owned(),
            correlation_id: optional(self.correlation_id),
            causation_id: optional(self.causation_id),
            traceparent: optional(self.traceparent),
            platform_version: optional(self.platform_version),
            position: parsed("ce_position", self.position)?,
        })
    }
}

fn required<'a>(name: &'static str, value: Option<&'a [u8]>) -> Result<&'a str, EnvelopeError> {
    let bytes = value.ok_or(EnvelopeError::Missing(name))?;
    std::str::from_utf8(bytes).map_err(|_| EnvelopeError::Malformed(name))
}

fn parsed<T: std::str::FromStr>(
    name: &'static str,
    value: Option<&[u8]>,
) -> Result<T, EnvelopeError> {
    required(name, value)?
        .parse()
        .map_err(|_| EnvelopeError::Malformed(name))
}

fn optional(value: Option<&[u8]>) -> Option<String> {
    value
        .and_then(|v| std::str::from_utf8(v).ok())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::LogPosition;

    fn event() -> CloudEvent {
        let subject = Uuid::from_u128(7);
        CloudEvent {
            id: event_id(1, subject, 3),
            event_type: "order.placed".into(),
            time: OffsetDateTime::UNIX_EPOCH,
            subject,
            sequence: 3,
            actor: "key_1".into(),
            correlation_id: None,
            causation_id: Some("c".into()),
            traceparent: None,
            platform_version: Some("4".into()),
            position: PositionToken {
                topic: crate::topics::ORDER_EVENTS.into(),
                partition: 1,
                at: LogPosition {
                    epoch: 1,
                    xid: 2,
                    position: 3,
                },
            },
        }
    }

    #[test]
    fn headers_read_back() {
        let event = event();
        let headers = event.headers();
        let read = headers.iter().map(|(n, v)| (*n, v.as_bytes()));
        assert_eq!(CloudEvent::from_headers(read), Ok(event));
    }

    #[test]
    fn a_line_has_every_attribute_and_the_data_as_they_are_published() {
        let event = event();
        let line = event.to_json(b"{\"amount\":\n1.50}").expect("JSON");
        let text = std::str::from_utf8(&line).expect("UTF-8");
        assert!(!text.contains('\n') && text.contains("1.50"), "{text}");
        let line: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
        for (name, value) in event.headers() {
            let name = match name {
                "content-type" => "datacontenttype",
                name => name.trim_start_matches("ce_"),
            };
            let told = match &line[name] {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(told, value, "{name}");
        }
        assert!(event.to_json(b"{").is_err());
    }

    #[test]
    fn a_missing_or_malformed_header_is_named() {
        let headers = event().headers();
        let without = headers.iter().filter(|(n, _)| *n != "ce_subject");
        assert_eq!(
            CloudEvent::from_headers(without.map(|(n, v)| (*n, v.as_bytes()))),
            Err(EnvelopeError::Missing("ce_subject"))
        );
        let wrong = headers.iter().map(|(n, v)| match *n {
            "ce_sequence" => (*n, "x".as_bytes()),
            _ => (*n, v.as_bytes()),
        });
        assert_eq!(
            CloudEvent::from_headers(wrong),
            Err(EnvelopeError::Malformed("ce_sequence"))
        );
    }
}
