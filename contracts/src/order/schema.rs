//! JSON Schemas of the published events.

use super::{NoteAdded, Order, OrderCancelled, OrderImported, OrderPlaced};
use schemars::{Schema, schema_for};

/// (name, schema) of the data of each event type and of the order document;
/// the name is `<type>.v1`.
pub fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("order.placed.v1", schema_for!(OrderPlaced)),
        ("order.imported.v1", schema_for!(OrderImported)),
        ("order.cancelled.v1", schema_for!(OrderCancelled)),
        ("order.note_added.v1", schema_for!(NoteAdded)),
        ("order.v1", schema_for!(Order)),
    ]
}
