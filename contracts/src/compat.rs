//! Whether readers of one version of a schema can read data of another.
//!
//! `FULL_TRANSITIVE`, as schema registries call it: data of every released
//! schema is valid for readers of today's, and the reverse, in the open content
//! model (a reader ignores members that it does not know). So an optional
//! member may be added; whatever else changes what is valid is a break.
//! <https://docs.confluent.io/platform/current/schema-registry/fundamentals/schema-evolution.html>
//!
//! It reads JSON Schema 2020-12 as schemars writes it. Annotations (`title`,
//! `description`, `examples`, `default`…) and the names below `$defs` carry no
//! meaning. Keywords that it has no rule for must stay as they are.

mod form;
mod shape;

#[cfg(test)]
mod tests;

use serde_json::Value;
use shape::Shape;
use std::{collections::BTreeSet, fmt};

/// A change that some reader or some data does not survive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// JSON Pointer (RFC 6901) to the place in the schema, as if every
    /// reference were written out: `/properties/after/properties/totals`.
    /// Empty for the whole schema.
    pub pointer: String,
    /// What changed, for people.
    pub reason: String,
}

impl Break {
    fn new(pointer: &str, reason: impl Into<String>) -> Self {
        Self {
            pointer: pointer.to_owned(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.pointer.as_str() {
            "" => "the whole schema",
            pointer => pointer,
        };
        write!(f, "{place}: {}", self.reason)
    }
}

/// What in `new` breaks readers or data of `old`; empty where they are fully
/// compatible, and then `breaks(new, old)` is a matter of added optional
/// members alone.
pub fn breaks(old: &Value, new: &Value) -> Vec<Break> {
    let mut comparison = Comparison {
        old,
        new,
        open: Vec::new(),
    };
    comparison.schemas("", old, new)
}

/// The two documents, in which references are looked up, and the comparisons
/// that are under way: a type that contains itself meets itself again.
struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    open: Vec<(String, String)>,
}

impl Comparison<'_> {
    fn schemas(&mut self, at: &str, old: &Value, new: &Value) -> Vec<Break> {
        let pair = (old.to_string(), new.to_string());
        if self.open.contains(&pair) {
            return Vec::new();
        }
        self.open.push(pair);
        let (old, new) = (Shape::of(self.old, old), Shape::of(self.new, new));
        let found = self.shapes(at, &old, &new);
        self.open.pop();
        found
    }

    fn shapes(&mut self, at: &str, old: &Shape, new: &Shape) -> Vec<Break> {
        let mut found = Vec::new();
        match (old.null, new.null) {
            (false, true) => found.push(Break::new(at, "it may be null now")),
            (true, false) => found.push(Break::new(at, "it can no longer be null")),
            _ => {}
        }
        if old.values.is_empty() != new.values.is_empty() {
            let reason = format!("it was {old}, and is {new} now");
            found.push(Break::new(at, reason));
            return found;
        }
        found.extend(values(at, &old.values, &new.values));
        found.extend(self.forms(at, &old.forms, &new.forms));
        found
    }
}

/// Closed lists: a value less fails old data, a value more fails old readers.
fn values(at: &str, old: &BTreeSet<String>, new: &BTreeSet<String>) -> Vec<Break> {
    let removed = old
        .difference(new)
        .map(|value| format!("the value {value} was removed"));
    let added = new
        .difference(old)
        .map(|value| format!("the value {value} was added, which old readers do not know"));
    removed
        .chain(added)
        .map(|reason| Break::new(at, reason))
        .collect()
}
