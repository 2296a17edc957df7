//! The normal form of a schema: what it allows, as alternatives, with
//! references followed and annotations left out. Two schemas that say the same
//! in different words have the same shape.

use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fmt};

/// The keywords of one schema.
pub(super) type Keywords = Map<String, Value>;

/// What a schema allows.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Whether null is allowed.
    pub null: bool,
    /// The values it lists (`const`, `enum`), as JSON text.
    pub values: BTreeSet<String>,
    /// Everything else.
    pub forms: Vec<Form>,
}

/// One alternative: a type and what is asked of it.
#[derive(Debug)]
pub(super) struct Form {
    /// `object`, `string`, …, or [`ANY`].
    pub kind: String,
    /// Keywords other than `type`.
    pub keywords: Keywords,
}

/// The kind of a form that names no type.
const ANY: &str = "any value";

/// Keywords that do not change what is valid.
const ANNOTATIONS: &[&str] = &[
    "$schema",
    "$id",
    "$anchor",
    "$comment",
    "$defs",
    "definitions",
    "title",
    "description",
    "examples",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// How many references and alternatives may follow each other without a
/// member in between; only a reference to itself needs more.
const DEPTH: usize = 16;

impl Shape {
    /// The shape of `schema`, whose references lead into `document`.
    pub fn of(document: &Value, schema: &Value) -> Self {
        let mut shape = Self::default();
        shape.add(document, schema, 0);
        shape
    }

    fn add(&mut self, document: &Value, schema: &Value, depth: usize) {
        let mut keywords = flat(document, schema, depth);
        if depth < DEPTH
            && let Some(options) = alternatives(&mut keywords)
        {
            for option in options {
                let option = flat(document, &option, depth + 1);
                let both = Value::Object(conjoined(keywords.clone(), option));
                self.add(document, &both, depth + 1);
            }
        } else if let Some(values) = listed(&mut keywords) {
            for value in &values {
                self.add_value(value);
            }
        } else {
            self.add_types(keywords);
        }
    }

    fn add_value(&mut self, value: &Value) {
        if value.is_null() {
            self.null = true;
        } else {
            self.values.insert(value.to_string());
        }
    }

    fn add_types(&mut self, mut keywords: Keywords) {
        let kinds = match keywords.remove("type") {
            Some(Value::Array(kinds)) => kinds,
            Some(kind) => vec![kind],
            None => vec![json!(ANY)],
        };
        for kind in &kinds {
            match kind.as_str().unwrap_or(ANY) {
                "null" => self.null = true,
                kind => self.forms.push(Form {
                    kind: kind.to_owned(),
                    keywords: keywords.clone(),
                }),
            }
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.forms.iter().map(|form| form.kind.clone()).collect();
        if !self.values.is_empty() {
            let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
            parts.push(format!("one of {}", values.join(", ")));
        }
        if parts.is_empty() {
            parts.push("nothing".to_owned());
        }
        f.write_str(&parts.join(" or "))
    }
}

/// Takes `anyOf` or `oneOf`: schemars writes disjoint alternatives, so that
/// they mean the same.
fn alternatives(keywords: &mut Keywords) -> Option<Vec<Value>> {
    ["anyOf", "oneOf"].iter().find_map(|key| {
        let Value::Array(options) = keywords.get(*key)? else {
            return None;
        };
        let options = options.clone();
        keywords.remove(*key);
        Some(options)
    })
}

/// Takes the listed values.
fn listed(keywords: &mut Keywords) -> Option<Vec<Value>> {
    if let Some(value) = keywords.remove("const") {
        return Some(vec![value]);
    }
    match keywords.remove("enum") {
        Some(Value::Array(values)) => Some(values),
        _ => None,
    }
}

/// The keywords of a schema with those of what it refers to. A reference that
/// leads nowhere, or back to itself, stays.
fn flat(document: &Value, schema: &Value, depth: usize) -> Keywords {
    let Value::Object(members) = schema else {
        return boolean(schema);
    };
    let mut keywords = members.clone();
    keywords.retain(|key, _| !ANNOTATIONS.contains(&key.as_str()));
    if depth >= DEPTH {
        return keywords;
    }
    let target = keywords.get("$ref").and_then(|to| target(document, to));
    if let Some(target) = target {
        keywords.remove("$ref");
        keywords = conjoined(flat(document, target, depth + 1), keywords);
    }
    if let Some(Value::Array(parts)) = keywords.remove("allOf") {
        for part in &parts {
            keywords = conjoined(keywords, flat(document, part, depth + 1));
        }
    }
    keywords
}

/// `true` allows everything, `false` nothing.
fn boolean(schema: &Value) -> Keywords {
    match schema {
        Value::Bool(false) => Keywords::from_iter([("not".to_owned(), json!({}))]),
        _ => Keywords::new(),
    }
}

fn target<'a>(document: &'a Value, reference: &Value) -> Option<&'a Value> {
    document.pointer(reference.as_str()?.strip_prefix('#')?)
}

/// The keywords of a schema that asks for both. What cannot be said in one
/// stays apart, below `allOf`, and is compared as it stands.
fn conjoined(mut base: Keywords, more: Keywords) -> Keywords {
    let mut apart = Vec::new();
    for (key, value) in more {
        match (base.get_mut(&key), value) {
            (None, value) => {
                base.insert(key, value);
            }
            (Some(present), value) if *present == value => {}
            (Some(Value::Object(present)), Value::Object(value)) if key == "properties" => {
                add_members(present, value);
            }
            (Some(Value::Array(present)), Value::Array(value)) if key == "required" => {
                present.extend(value);
            }
            (Some(_), value) => apart.push(json!({ key: value })),
        }
    }
    if !apart.is_empty() {
        base.insert("allOf".to_owned(), Value::Array(apart));
    }
    base
}

fn add_members(present: &mut Keywords, more: Keywords) {
    for (name, schema) in more {
        let both = match present.remove(&name) {
            Some(other) if other != schema => json!({"allOf": [other, schema]}),
            _ => schema,
        };
        present.insert(name, both);
    }
}
