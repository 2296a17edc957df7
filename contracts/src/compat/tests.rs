use super::breaks;
use serde_json::{Value, json};

/// The breaks as text.
fn told(old: &Value, new: &Value) -> Vec<String> {
    breaks(old, new).iter().map(ToString::to_string).collect()
}

/// An object with one required and one optional member.
fn base() -> Value {
    json!({
        "title": "Event", "type": "object",
        "properties": {"id": {"type": "string"}, "note": {"type": ["string", "null"]}},
        "required": ["id"],
    })
}

/// [`base`] with the value at `pointer` replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut schema = base();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    schema.pointer_mut(parent).expect("its parent")[key] = value;
    schema
}

/// Exactly one break in both directions, with these reasons.
fn is_a_break(old: &Value, new: &Value, there: &str, back: &str) {
    assert_eq!(told(old, new), [there]);
    assert_eq!(told(new, old), [back]);
}

/// A member of this schema, in an object.
fn of(schema: &Value) -> Value {
    json!({"type": "object", "properties": {"x": schema}})
}

#[test]
fn the_same_schema_is_compatible() {
    assert_eq!(told(&base(), &base()), [""; 0]);
}

#[test]
fn a_removed_field_is_a_break() {
    for name in ["id", "note"] {
        let mut new = base();
        let properties = new["properties"].as_object_mut().expect("an object");
        properties.remove(name);
        let required = new["required"].as_array_mut().expect("a list");
        required.retain(|required| required != name);
        assert_eq!(
            told(&base(), &new),
            [format!("/properties/{name}: the member was removed")]
        );
    }
}

#[test]
fn an_added_optional_field_is_none_and_an_added_required_one_is() {
    let mut new = with("/properties/extra", json!({"type": "integer"}));
    assert_eq!(told(&base(), &new), [""; 0]);
    new["required"] = json!(["id", "extra"]);
    assert_eq!(
        told(&base(), &new),
        ["/properties/extra: a required member was added, which old data does not have"]
    );
}

#[test]
fn a_field_added_to_a_closed_object_is_a_break() {
    let mut old = base();
    old["additionalProperties"] = json!(false);
    let mut new = with("/properties/extra", json!({"type": "integer"}));
    new["additionalProperties"] = json!(false);
    assert_eq!(
        told(&old, &new),
        [
            "/properties/extra: a member was added to an object whose old readers refuse unknown \
             ones"
        ]
    );
    is_a_break(
        &base(),
        &old,
        "the whole schema: members it does not name are refused now",
        "the whole schema: members it does not name are allowed now, which old readers refuse",
    );
}

#[test]
fn a_change_between_required_and_optional_is_a_break() {
    is_a_break(
        &base(),
        &with("/required", json!([])),
        "/properties/id: the member was required and is optional now: old readers rely on it",
        "/properties/id: the member was optional and is required now: old data may lack it",
    );
}

#[test]
fn a_changed_type_is_a_break() {
    is_a_break(
        &base(),
        &with("/properties/id", json!({"type": "integer"})),
        "/properties/id: the type changed from string to integer",
        "/properties/id: the type changed from integer to string",
    );
}

#[test]
fn a_changed_format_or_limit_is_a_break() {
    is_a_break(
        &with("/properties/id/format", json!("uuid")),
        &base(),
        "/properties/id: `format` changed from \"uuid\" to nothing",
        "/properties/id: `format` changed from nothing to \"uuid\"",
    );
    let limited = with("/properties/id/maxLength", json!(20));
    assert_eq!(
        told(&limited, &with("/properties/id/maxLength", json!(30))),
        ["/properties/id: `maxLength` changed from 20 to 30"]
    );
}

#[test]
fn a_change_of_nullability_is_a_break() {
    let (may, must) = ("it may be null now", "it can no longer be null");
    let plain = of(&json!({"type": "string"}));
    let listed = of(&json!({"type": ["string", "null"]}));
    let either = of(&json!({"anyOf": [{"type": "string"}, {"type": "null"}]}));
    for nullable in [&listed, &either] {
        is_a_break(
            &plain,
            nullable,
            &format!("/properties/x: {may}"),
            &format!("/properties/x: {must}"),
        );
    }
    assert_eq!(told(&listed, &either), [""; 0]);
}

#[test]
fn a_narrowed_or_widened_enum_is_a_break() {
    let two = of(&json!({"type": "string", "enum": ["a", "b"]}));
    let three = of(&json!({"oneOf": [
        {"type": "string", "const": "a", "description": "First."},
        {"type": "string", "const": "b"},
        {"type": "string", "const": "c"},
    ]}));
    is_a_break(
        &two,
        &three,
        "/properties/x: the value \"c\" was added, which old readers do not know",
        "/properties/x: the value \"c\" was removed",
    );
    is_a_break(
        &two,
        &of(&json!({"type": "string"})),
        "/properties/x: it was one of \"a\", \"b\", and is string now",
        "/properties/x: it was string, and is one of \"a\", \"b\" now",
    );
}

#[test]
fn the_same_values_in_other_words_are_none() {
    let list = of(&json!({"type": "string", "enum": ["b", "a"]}));
    let consts = of(&json!({"oneOf": [{"const": "a"}, {"const": "b", "title": "B"}]}));
    assert_eq!(told(&list, &consts), [""; 0]);
}

#[test]
fn a_change_below_an_array_is_a_break() {
    let list = |sku: &str| {
        let line = json!({"type": "object", "properties": {"sku": {"type": sku}}});
        of(&json!({"type": "array", "items": line}))
    };
    assert_eq!(
        told(&list("string"), &list("integer")),
        ["/properties/x/items/properties/sku: the type changed from string to integer"]
    );
    is_a_break(
        &of(&json!({"type": "array"})),
        &of(&json!({"type": "array", "items": {"type": "string"}})),
        "/properties/x/items: the type changed from any value to string",
        "/properties/x/items: the type changed from string to any value",
    );
}

#[test]
fn a_change_of_the_values_of_a_map_is_a_break() {
    let map = |kind: &str| of(&json!({"type": "object", "additionalProperties": {"type": kind}}));
    assert_eq!(
        told(&map("string"), &map("integer")),
        ["/properties/x/additionalProperties: the type changed from string to integer"]
    );
}

#[test]
fn an_alternative_more_or_less_is_a_break() {
    let price = |options: Value| of(&json!({ "anyOf": options }));
    is_a_break(
        &price(json!([{"type": "integer", "format": "int64"}])),
        &price(json!([{"type": "string"}, {"type": "integer", "format": "int64"}])),
        "/properties/x: an alternative was added, which old readers do not know: string",
        "/properties/x: an alternative was removed: string",
    );
}

#[test]
fn the_variants_of_a_tagged_union_are_matched_by_what_they_hold() {
    let variant = |name: &str, kind: &str| {
        json!({
            "type": "object", "required": ["by", "value"],
            "properties": {"by": {"const": name}, "value": {"type": kind}},
        })
    };
    let (amount, percent) = (variant("amount", "integer"), variant("percent", "string"));
    let old = of(&json!({"oneOf": [amount, percent]}));
    let turned = of(&json!({"oneOf": [percent, amount]}));
    assert_eq!(told(&old, &turned), [""; 0]);
    let changed = of(&json!({"oneOf": [variant("percent", "integer"), amount]}));
    assert_eq!(
        told(&old, &changed),
        ["/properties/x/properties/value: the type changed from string to integer"]
    );
}

#[test]
fn annotations_and_names_of_definitions_are_none() {
    let old = json!({
        "title": "A", "description": "One.", "type": "object",
        "properties": {"x": {"description": "Two.", "$ref": "#/$defs/Old"}},
        "$defs": {"Old": {"type": "string", "examples": ["a"]}},
    });
    let new = json!({
        "title": "B", "type": "object",
        "properties": {"x": {"$ref": "#/$defs/New", "deprecated": true}},
        "$defs": {"New": {"type": "string", "default": "b"}, "Unused": {"type": "null"}},
    });
    assert_eq!(told(&old, &new), [""; 0]);
}

#[test]
fn a_reference_is_followed_and_one_that_leads_nowhere_is_told() {
    let schema = |kind: &str| {
        json!({
            "type": "object", "properties": {"x": {"$ref": "#/$defs/X"}},
            "$defs": {"X": {"type": kind}},
        })
    };
    assert_eq!(
        told(&schema("string"), &schema("integer")),
        ["/properties/x: the type changed from string to integer"]
    );
    let nowhere = of(&json!({"$ref": "#/$defs/X"}));
    assert_eq!(
        told(&nowhere, &nowhere),
        ["/properties/x: \"#/$defs/X\" leads nowhere"]
    );
}

#[test]
fn a_type_that_contains_itself_is_compared_once() {
    let tree = |kind: &str| {
        json!({
            "$ref": "#/$defs/Node",
            "$defs": {"Node": {"type": "object", "properties": {
                "name": {"type": kind},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            }}},
        })
    };
    assert_eq!(told(&tree("string"), &tree("string")), [""; 0]);
    assert!(
        told(&tree("string"), &tree("integer"))
            .contains(&"/properties/name: the type changed from string to integer".to_owned())
    );
    let itself = json!({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}});
    assert_eq!(told(&itself, &itself).len(), 1);
}

#[test]
fn the_parts_of_all_of_are_one_schema() {
    let apart = json!({"type": "object", "allOf": [
        {"properties": {"id": {"type": "string"}}, "required": ["id"]},
        {"properties": {"note": {"type": ["string", "null"]}}},
    ]});
    assert_eq!(told(&base(), &apart), [""; 0]);
}

#[test]
fn a_name_with_a_slash_is_escaped() {
    let old = json!({"type": "object", "properties": {"a/b~c": true}});
    assert_eq!(
        told(&old, &json!({"type": "object"})),
        ["/properties/a~1b~0c: the member was removed"]
    );
}
