//! The published schemas in one name space, `components/schemas`, in the
//! draft-07 dialect that `AsyncAPI` 3.0 builds on.

use super::AsyncApiError;
use schemars::Schema;
use serde_json::{Map, Value, json};

/// Where schemas refer to each other in the document.
const HOME: &str = "#/components/schemas/";
/// Where they do so in a schema of its own.
const DEFINITIONS: &str = "#/$defs/";

/// The data of every message, and the types that it is made of.
pub(super) struct Payloads {
    names: Vec<String>,
    schemas: Map<String, Value>,
}

impl Payloads {
    /// Payloads by their schemas' names (`order.placed.v1`).
    pub fn of(
        published: impl IntoIterator<Item = (impl Into<String>, Schema)>,
    ) -> Result<Self, AsyncApiError> {
        let mut payloads = Self {
            names: Vec::new(),
            schemas: Map::new(),
        };
        for (name, schema) in published {
            let name = name.into();
            payloads.names.push(name.clone());
            payloads.add(name, schema.to_value())?;
        }
        Ok(payloads)
    }

    /// The names of the payloads, in the order in which they were published.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether the payload has a member of this name.
    pub fn has(&self, payload: &str, member: &str) -> bool {
        let schema = self.schemas.get(payload);
        schema.is_some_and(|schema| schema["properties"].get(member).is_some())
    }

    /// All of it, as it stands in the document.
    pub fn into_schemas(self) -> Map<String, Value> {
        self.schemas
    }

    /// Takes a schema apart: its definitions become neighbours.
    fn add(&mut self, name: String, mut schema: Value) -> Result<(), AsyncApiError> {
        if let Some(members) = schema.as_object_mut() {
            members.remove("$schema");
            if let Some(Value::Object(definitions)) = members.remove("$defs") {
                for (name, definition) in definitions {
                    self.add(name, definition)?;
                }
            }
        }
        moved(&mut schema);
        match self.schemas.insert(name.clone(), schema) {
            Some(other) if other != self.schemas[&name] => Err(AsyncApiError::Ambiguous(name)),
            _ => Ok(()),
        }
    }
}

/// Lets every reference lead to its new place. In draft-07 nothing beside a
/// reference counts, so one with a description goes into `allOf`.
fn moved(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(moved);
            let target = members
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|to| to.strip_prefix(DEFINITIONS));
            if let Some(target) = target {
                let reference = json!({"$ref": format!("{HOME}{target}")});
                members.remove("$ref");
                if members.is_empty() {
                    *value = reference;
                } else {
                    members.insert("allOf".to_owned(), json!([reference]));
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(moved),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(definition: &Value) -> Schema {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "properties": {"a": {"$ref": "#/$defs/A"},
                           "b": {"description": "B.", "$ref": "#/$defs/A"}},
            "$defs": {"A": definition},
        });
        schema.try_into().expect("a schema")
    }

    #[test]
    fn definitions_become_neighbours() {
        let text = json!({"type": "string"});
        let payloads = Payloads::of([("one", payload(&text)), ("two", payload(&text))]);
        let payloads = payloads.expect("no two of one name");
        assert_eq!(payloads.names(), ["one", "two"]);
        assert!(payloads.has("one", "a") && !payloads.has("one", "c"));
        let one = json!({"properties": {
            "a": {"$ref": "#/components/schemas/A"},
            "b": {"description": "B.", "allOf": [{"$ref": "#/components/schemas/A"}]},
        }});
        let schemas = Value::Object(payloads.into_schemas());
        assert_eq!(schemas, json!({"A": text, "one": one, "two": one}));
    }

    #[test]
    fn two_types_of_one_name_are_refused() {
        let (text, number) = (json!({"type": "string"}), json!({"type": "integer"}));
        let payloads = Payloads::of([("one", payload(&text)), ("two", payload(&number))]);
        assert_eq!(
            payloads.err(),
            Some(AsyncApiError::Ambiguous("A".to_owned()))
        );
    }
}
