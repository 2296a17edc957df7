//! JSON Schemas of the published events.

use super::{document::Order, event};
use schemars::{Schema, schema_for};

/// (name, schema) of the data of each event type and of the order document;
/// the name, also the schema's title, is `<type>.v1`.
pub fn schemas() -> Vec<(String, Schema)> {
    let events = event::schemas().into_iter();
    let mut schemas: Vec<(String, Schema)> = events
        .map(|(event_type, schema)| (format!("{event_type}.v1"), schema))
        .collect();
    schemas.push(("order.v1".to_owned(), schema_for!(Order)));
    for (name, schema) in &mut schemas {
        schema.insert("title".to_owned(), name.clone().into());
    }
    schemas
}
