//! A tiny aggregate with personal data in its events, which are orders to
//! whoever reads them published.

use crate::projections::orders::{noted, placed};
use contracts::topics;
use cqrs_es::{Aggregate, DomainEvent, event_sink::EventSink};
use infra::{
    command::{BoxError, Recording},
    log::{ContractMapping, MappingError, PublishedEvent, StoredEvent},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What the aggregate remembers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diary {
    pub version: i64,
    pub subject: Option<Uuid>,
    /// The personal data of each event, as the aggregate saw it.
    pub seen: Vec<Value>,
}

/// What may be asked of it.
#[derive(Debug, Clone)]
pub enum Write {
    /// The first event.
    Place {
        id: Uuid,
        subject: Option<Uuid>,
        personal: Value,
    },
    /// Another one.
    Note { id: Uuid, personal: Value },
}

/// The stored form: tagged, with the published data inside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Written {
    OrderPlaced(Value),
    NoteAdded(Value),
}

/// Nothing is refused.
#[derive(Debug, thiserror::Error)]
#[error("never")]
pub struct Never;

impl DomainEvent for Written {
    fn event_type(&self) -> String {
        match self {
            Self::OrderPlaced(_) => "OrderPlaced".to_owned(),
            Self::NoteAdded(_) => "NoteAdded".to_owned(),
        }
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Diary {
    const TYPE: &'static str = "order";
    type Command = Write;
    type Event = Written;
    type Error = Never;
    type Services = ();

    async fn handle(
        &mut self,
        command: Write,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Never> {
        let event = match command {
            Write::Place {
                id,
                subject,
                personal,
            } => {
                let mut data = published(&placed(id, 1).event, personal);
                data["subject"] = json!(subject);
                Written::OrderPlaced(data)
            }
            Write::Note { id, personal } => {
                let event = noted(id, self.version + 1).event;
                Written::NoteAdded(published(&event, personal))
            }
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: Written) {
        let (Written::OrderPlaced(data) | Written::NoteAdded(data)) = event;
        self.version += 1;
        self.seen.push(data["personal"].clone());
        if let Some(subject) = data["subject"].as_str() {
            self.subject = subject.parse().ok();
        }
    }
}

fn published(event: &contracts::order::OrderEvent, personal: Value) -> Value {
    let data = event.to_data().expect("events have a JSON form");
    let mut data: Value = serde_json::from_slice(&data).expect("JSON");
    data["personal"] = personal;
    data
}

/// The personal part of a placement.
pub fn customer(name: &str) -> Value {
    json!({
        "customer": {"name": name, "email": format!("{name}@example.com")},
        "billing_address": null, "shipping_address": null,
    })
}

/// The personal part of a note.
pub fn text(text: &str) -> Value {
    json!({"text": text})
}

/// What is recorded of diaries: nothing beside the events.
#[derive(Debug)]
pub struct Diaries;

impl Recording for Diaries {
    type Aggregate = Diary;
    type After = Value;
    type View = ();

    const SNAPSHOTS: Option<i32> = Some(1);

    fn after(_: &Diary, _: i64) -> Result<Value, BoxError> {
        Ok(json!({}))
    }

    fn subject(diary: &Diary) -> Option<Uuid> {
        diary.subject
    }

    fn view(_: Option<()>, _: &Written, _: Value, _: &StoredEvent) -> Result<(), BoxError> {
        Ok(())
    }
}

/// Publishes what is inside the tag, as it stands there.
pub struct Untagged;

impl ContractMapping for Untagged {
    fn event(&self, stored: &StoredEvent) -> Result<Option<PublishedEvent>, MappingError> {
        let event_type = match stored.event_type.as_str() {
            "OrderPlaced" => "order.placed",
            _ => "order.note_added",
        };
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| MappingError {
            aggregate_type: stored.aggregate_type.clone(),
            aggregate_id: stored.aggregate_id.clone(),
            sequence: stored.sequence,
            source,
        };
        let envelope = stored.envelope(event_type, &topics::ORDERS);
        let tagged: Result<BTreeMap<String, Box<RawValue>>, _> =
            serde_json::from_str(&stored.payload);
        let data = tagged.map_err(|e| failed(e.into()))?.into_values().next();
        Ok(Some(PublishedEvent {
            topic: topics::ORDER_EVENTS,
            envelope: envelope.map_err(|e| failed(e.into()))?,
            data: data
                .ok_or_else(|| failed("no variant".into()))?
                .get()
                .into(),
        }))
    }

    fn stream(&self, stored: &[StoredEvent]) -> Result<Vec<PublishedEvent>, MappingError> {
        let events = stored.iter().map(|event| self.event(event));
        events.filter_map(Result::transpose).collect()
    }
}
