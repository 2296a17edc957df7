//! The rules for two alternatives of one type: objects, arrays, and what is
//! asked of everything else.

use super::{
    Break, Comparison,
    shape::{Form, Keywords},
};
use serde_json::Value;
use std::collections::BTreeSet;

/// The schema that allows everything: what an absent one means.
const ANYTHING: &Value = &Value::Bool(true);
/// What an object says about members that it does not name.
const OTHERS: [&str; 2] = ["additionalProperties", "unevaluatedProperties"];

impl Comparison<'_> {
    /// Alternatives are matched first with those they are compatible with,
    /// then with the most similar one of their type.
    pub(super) fn forms(&mut self, at: &str, old: &[Form], new: &[Form]) -> Vec<Break> {
        let mut old_left: Vec<&Form> = old.iter().collect();
        let mut new_left: Vec<&Form> = new.iter().collect();
        self.matched(at, &mut old_left, &mut new_left, true);
        let mut found = self.matched(at, &mut old_left, &mut new_left, false);
        found.extend(unmatched(&old_left, &new_left).map(|reason| Break::new(at, reason)));
        found
    }

    /// Takes the alternatives that have a counterpart; their breaks.
    fn matched(
        &mut self,
        at: &str,
        old: &mut Vec<&Form>,
        new: &mut Vec<&Form>,
        whole: bool,
    ) -> Vec<Break> {
        let mut found = Vec::new();
        old.retain(|form| {
            let of_its_type = new.iter().enumerate().filter(|(_, n)| n.kind == form.kind);
            let best = of_its_type
                .map(|(index, other)| (index, self.form(at, form, other)))
                .min_by_key(|(_, breaks)| breaks.len())
                .filter(|(_, breaks)| breaks.is_empty() || !whole);
            let Some((index, breaks)) = best else {
                return true;
            };
            new.remove(index);
            found.extend(breaks);
            false
        });
        found
    }

    fn form(&mut self, at: &str, old: &Form, new: &Form) -> Vec<Break> {
        let (old, new) = (&old.keywords, &new.keywords);
        let keys: BTreeSet<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
        let mut found = self.members(at, old, new);
        for key in keys {
            found.extend(match key {
                "properties" | "required" => Vec::new(),
                "items" => self.below(at, key, old, new),
                key if OTHERS.contains(&key) => self.others(at, key, old, new),
                key => keyword(at, key, old.get(key), new.get(key)),
            });
        }
        found
    }

    fn members(&mut self, at: &str, old: &Keywords, new: &Keywords) -> Vec<Break> {
        let mut found = Vec::new();
        for name in names(old).union(&names(new)) {
            let at = format!("{at}/properties/{}", escaped(name));
            found.extend(match (member(old, name), member(new, name)) {
                (Some(before), Some(after)) => {
                    let duty = duty(&at, required(old, name), required(new, name));
                    let within = self.schemas(&at, before, after);
                    duty.into_iter().chain(within).collect()
                }
                (Some(_), None) => vec![Break::new(&at, "the member was removed")],
                (None, _) => added(&at, old, required(new, name)),
            });
        }
        found
    }

    fn below(&mut self, at: &str, key: &str, old: &Keywords, new: &Keywords) -> Vec<Break> {
        let at = format!("{at}/{key}");
        let (old, new) = (old.get(key), new.get(key));
        self.schemas(&at, old.unwrap_or(ANYTHING), new.unwrap_or(ANYTHING))
    }

    fn others(&mut self, at: &str, key: &str, old: &Keywords, new: &Keywords) -> Vec<Break> {
        let closed = |keywords: &Keywords| keywords.get(key) == Some(&Value::Bool(false));
        match (closed(old), closed(new)) {
            (true, true) => Vec::new(),
            (false, true) => vec![Break::new(at, "members it does not name are refused now")],
            (true, false) => vec![Break::new(
                at,
                "members it does not name are allowed now, which old readers refuse",
            )],
            (false, false) => self.below(at, key, old, new),
        }
    }
}

/// What is left on one side or on both.
fn unmatched(old: &[&Form], new: &[&Form]) -> Option<String> {
    let kinds = |forms: &[&Form]| {
        let kinds: Vec<&str> = forms.iter().map(|form| form.kind.as_str()).collect();
        kinds.join(", ")
    };
    match (old.is_empty(), new.is_empty()) {
        (true, true) => None,
        (false, false) => Some(format!(
            "the type changed from {} to {}",
            kinds(old),
            kinds(new)
        )),
        (false, true) => Some(format!("an alternative was removed: {}", kinds(old))),
        (true, false) => Some(format!(
            "an alternative was added, which old readers do not know: {}",
            kinds(new)
        )),
    }
}

fn duty(at: &str, before: bool, now: bool) -> Option<Break> {
    let reason = match (before, now) {
        (true, false) => "the member was required and is optional now: old readers rely on it",
        (false, true) => "the member was optional and is required now: old data may lack it",
        _ => return None,
    };
    Some(Break::new(at, reason))
}

fn added(at: &str, old: &Keywords, required: bool) -> Vec<Break> {
    let others = OTHERS.iter().filter_map(|key| old.get(*key));
    if required {
        let reason = "a required member was added, which old data does not have";
        vec![Break::new(at, reason)]
    } else if others.into_iter().any(|others| *others != *ANYTHING) {
        let reason = "a member was added to an object whose old readers refuse unknown ones";
        vec![Break::new(at, reason)]
    } else {
        Vec::new()
    }
}

/// A keyword without a rule of its own (`format`, `minimum`, `pattern`, …).
fn keyword(at: &str, key: &str, old: Option<&Value>, new: Option<&Value>) -> Vec<Break> {
    let text = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_string);
    let reason = if key == "$ref" {
        format!("{} leads nowhere", text(new.or(old)))
    } else if old == new {
        return Vec::new();
    } else {
        format!("`{key}` changed from {} to {}", text(old), text(new))
    };
    vec![Break::new(at, reason)]
}

fn names(keywords: &Keywords) -> BTreeSet<&str> {
    let properties = keywords.get("properties").and_then(Value::as_object);
    let named = properties
        .into_iter()
        .flat_map(|properties| properties.keys());
    named
        .map(String::as_str)
        .chain(required_names(keywords))
        .collect()
}

fn required_names(keywords: &Keywords) -> impl Iterator<Item = &str> {
    let list = keywords.get("required").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

fn required(keywords: &Keywords, name: &str) -> bool {
    required_names(keywords).any(|required| required == name)
}

/// The schema of a member; anything where it is required and not described.
fn member<'a>(keywords: &'a Keywords, name: &str) -> Option<&'a Value> {
    let described = keywords.get("properties").and_then(|all| all.get(name));
    described.or_else(|| required(keywords, name).then_some(ANYTHING))
}

/// A member's name in a JSON Pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
