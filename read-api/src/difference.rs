//! What differs between two JSON documents, part by part.

use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// What became of a part; the names of RFC 6902.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// It was not there before.
    Add,
    /// It is not there any more.
    Remove,
    /// It is another one.
    Replace,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// What became of the part
    op: Op,
    /// Where it is, as a JSON Pointer (RFC 6901): in the later document, and of what was removed in the earlier one
    #[schema(example = "/lines/0/quantity")]
    path: String,
    /// What was there; absent where `op` is `add`
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    /// What is there; absent where `op` is `remove`
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
}

/// Every difference, in the order of the later document, what was removed from
/// a part after the rest of it. Elements of lists are the same where their `id`
/// is; a list of something without ids is replaced as a whole.
pub fn difference(before: &Value, after: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    compare("", before, after, &mut changes);
    changes
}

fn compare(path: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => objects(path, before, after, changes),
        (Value::Array(was), Value::Array(is)) => match (by_id(was), by_id(is)) {
            (Some(was), Some(is)) => lists(path, &was, &is, changes),
            _ => changes.push(replaced(path, before, after)),
        },
        _ => changes.push(replaced(path, before, after)),
    }
}

fn objects(
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    changes: &mut Vec<Change>,
) {
    for (name, value) in after {
        let path = format!("{path}/{}", escaped(name));
        match before.get(name) {
            Some(before) => compare(&path, before, value, changes),
            None => changes.push(added(path, value)),
        }
    }
    for (name, value) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
        changes.push(removed(format!("{path}/{}", escaped(name)), value));
    }
}

/// Elements of a list, with their places and ids.
type Elements<'a> = Vec<(usize, &'a str, &'a Value)>;

fn lists(path: &str, before: &Elements<'_>, after: &Elements<'_>, changes: &mut Vec<Change>) {
    let was: BTreeMap<&str, &Value> = before.iter().map(|(_, id, value)| (*id, *value)).collect();
    let is: BTreeSet<&str> = after.iter().map(|(_, id, _)| *id).collect();
    for (place, id, value) in after {
        let path = format!("{path}/{place}");
        match was.get(id) {
            Some(before) => compare(&path, before, value, changes),
            None => changes.push(added(path, value)),
        }
    }
    for (place, _, value) in before.iter().filter(|(_, id, _)| !is.contains(id)) {
        changes.push(removed(format!("{path}/{place}"), value));
    }
}

/// The elements of a list in which each is an object with an id of its own.
fn by_id(list: &[Value]) -> Option<Elements<'_>> {
    let elements = list.iter().enumerate();
    let elements = elements.map(|(place, value)| Some((place, value.get("id")?.as_str()?, value)));
    let elements: Elements<'_> = elements.collect::<Option<_>>()?;
    let ids: BTreeSet<&str> = elements.iter().map(|(_, id, _)| *id).collect();
    (ids.len() == elements.len()).then_some(elements)
}

/// A name as part of a JSON Pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn added(path: String, after: &Value) -> Change {
    Change {
        op: Op::Add,
        path,
        before: None,
        after: Some(after.clone()),
    }
}

fn removed(path: String, before: &Value) -> Change {
    Change {
        op: Op::Remove,
        path,
        before: Some(before.clone()),
        after: None,
    }
}

fn replaced(path: &str, before: &Value, after: &Value) -> Change {
    Change {
        op: Op::Replace,
        path: path.to_owned(),
        before: Some(before.clone()),
        after: Some(after.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: &Value, after: &Value) -> Value {
        json!(difference(before, after))
    }

    #[test]
    fn elements_are_known_by_their_ids() {
        let before = json!({"lines": [{"id": "l1", "n": 1}, {"id": "l2", "n": 2}], "tags": ["a"]});
        let after = json!({"lines": [{"id": "l2", "n": 5}, {"id": "l3", "n": 3}], "tags": ["b"]});
        let expected = json!([
            {"op": "replace", "path": "/lines/0/n", "before": 2, "after": 5},
            {"op": "add", "path": "/lines/1", "after": {"id": "l3", "n": 3}},
            {"op": "remove", "path": "/lines/0", "before": {"id": "l1", "n": 1}},
            {"op": "replace", "path": "/tags", "before": ["a"], "after": ["b"]},
        ]);
        assert_eq!(told(&before, &after), expected);
    }

    #[test]
    fn members_come_and_go_and_null_is_a_value() {
        let before = json!({"a/b": 1, "gone~": null, "same": [1]});
        let after = json!({"a/b": null, "new": null, "same": [1]});
        let expected = json!([
            {"op": "replace", "path": "/a~1b", "before": 1, "after": null},
            {"op": "add", "path": "/new", "after": null},
            {"op": "remove", "path": "/gone~0", "before": null},
        ]);
        assert_eq!(told(&before, &after), expected);
    }

    #[test]
    fn equal_documents_do_not_differ() {
        let document = json!({"a": [{"id": "x"}, {"id": "x"}], "b": {}});
        assert_eq!(told(&document, &document), json!([]));
    }
}
