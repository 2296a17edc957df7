//! What is read from Kafka and from the log.

use super::{bytes, try_all};
use anyhow::{Context as _, Result, ensure};
use contracts::{CloudEvent, cloudevents::event_id};
use domain::order::{OrderEvent, UpcastError, current};
use libtest_mimic::Trial;
use proptest::{prelude::any, sample::select};
use time::macros::datetime;
use uuid::Uuid;

pub fn trials() -> Vec<Trial> {
    vec![
        tests::plain("fuzz::events::envelopes", envelopes),
        tests::plain("fuzz::events::stored_payloads", stored_payloads),
    ]
}

fn envelope() -> Result<CloudEvent> {
    let subject = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);
    Ok(CloudEvent {
        id: event_id(1, subject, 3),
        event_type: "order.placed".into(),
        time: datetime!(2026-01-31 12:00 UTC),
        subject,
        sequence: 3,
        actor: "key_1".into(),
        correlation_id: Some("c-1".into()),
        causation_id: None,
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        platform_version: Some("2".into()),
        position: "b3JkZXJzLmV2ZW50cy52MXw3fDF8MTIzNHw1Njc4".parse()?,
    })
}

/// A record's headers, of which one has another value.
fn envelopes() -> Result<()> {
    let headers = envelope()?.headers();
    let seeds = headers.iter().map(|(_, value)| value.as_bytes().to_vec());
    let input = (0..headers.len(), bytes(seeds.collect()), any::<bool>());
    try_all("envelopes", &input, |(changed, value, twice)| {
        let mut record: Vec<(&str, &[u8])> = Vec::new();
        for (number, (name, right)) in headers.iter().enumerate() {
            if number == *changed {
                record.push((name, value));
            }
            if number != *changed || *twice {
                record.push((name, right.as_bytes()));
            }
        }
        let Ok(read) = CloudEvent::from_headers(record.into_iter()) else {
            return Ok(());
        };
        let told = read.headers();
        let again = told.iter().map(|(name, value)| (*name, value.as_bytes()));
        let again = CloudEvent::from_headers(again).context("as it is told")?;
        ensure!(again == read, "{read:?} became {again:?}");
        let line = read.to_json(b"{}")?;
        ensure!(!line.contains(&b'\n'));
        serde_json::from_slice::<serde_json::Value>(&line)?;
        Ok(())
    })
}

/// Events as they are stored, in formats of today, of before and of later.
const STORED: &[&str] = &[
    r#"{"FulfillmentShipped":{"fulfillment_id":"f1","carrier":"DHL","tracking_number":"JD1"}}"#,
    r#"{"FulfillmentShipped":{"fulfillment_id":"f1","tracking":{"carrier":"DHL","tracking_number":"JD1"}}}"#,
    r#"{"NoteAdded":{"text":"hello"}}"#,
    r#"{"PaymentCaptured":{"payment_id":"p1","capture_id":"c1","amount":100}}"#,
    r#"{"Tagged":{"tag":"gift"}}"#,
    r#"{"OrderArchived":{}}"#,
];
const NAMES: &[&str] = &[
    "FulfillmentShipped",
    "NoteAdded",
    "PaymentCaptured",
    "Tagged",
    "OrderArchived",
    "OrderPlaced",
    "OrderImported",
    "LineAdded",
    "RefundIssued",
    "Nothing",
    "",
];

fn stored_payloads() -> Result<()> {
    let seeds = STORED.iter().map(|seed| seed.as_bytes().to_vec());
    let versions = select(&["1", "2", "3", "0", "", "-1", "01", "x"][..]);
    let input = (select(NAMES), versions, bytes(seeds.collect()));
    try_all("stored_payloads", &input, |(name, version, payload)| {
        let payload = String::from_utf8_lossy(payload);
        match current(name, version, &payload) {
            Ok(payload) => {
                if let Ok(event) = serde_json::from_str::<OrderEvent>(&payload) {
                    let stored = serde_json::to_string(&event)?;
                    let again: OrderEvent = serde_json::from_str(&stored)?;
                    ensure!(again == event, "{event:?} became {again:?}");
                }
                // Once of today's format it stays so.
                let version = OrderEvent::version_of(name);
                ensure!(current(name, version, &payload)? == payload);
            }
            Err(UpcastError::Type { name }) => ensure!(!OrderEvent::knows(&name)),
            Err(UpcastError::Version { .. } | UpcastError::Payload { .. }) => {}
        }
        Ok(())
    })
}
