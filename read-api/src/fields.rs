//! `fields=`: answers with only some of a document's fields. Stored JSON is cut,
//! not written anew: what is kept stays as it is, in its order.

use contracts::order::{Order, OrderSummary};
use infra::http::{Problem, Query, query::invalid};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::LazyLock,
};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema, schema::ArrayItems},
};

/// Name of the parameter.
pub const PARAMETER: &str = "fields";

/// The fields that there are: by name, the fields of what is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(BTreeMap<String, BTreeSet<String>>);

/// The fields that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Whole,
    Some(BTreeSet<String>),
}

/// Those of an order.
pub static ORDER: LazyLock<Shape> = LazyLock::new(Shape::of::<Order>);
/// Those of an order in a list.
pub static SUMMARY: LazyLock<Shape> = LazyLock::new(Shape::of::<OrderSummary>);

impl Shape {
    /// As the schema of `T` documents them.
    pub fn of<T: ToSchema>() -> Self {
        let mut schemas = Vec::new();
        T::schemas(&mut schemas);
        let schemas: BTreeMap<_, _> = schemas.into_iter().collect();
        let whole = T::schema();
        let fields = properties(&whole, &schemas)
            .into_iter()
            .map(|(name, schema)| {
                let inner = properties(schema, &schemas);
                (
                    name.clone(),
                    inner.into_iter().map(|(name, _)| name.clone()).collect(),
                )
            });
        Self(fields.collect())
    }

    /// With those of another one beside them.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether there is a field of this name.
    #[cfg(test)]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.0.keys().map(String::as_str).collect();
        names.join(", ")
    }
}

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// The properties of an object, of the items of an array, of what a reference
/// names, or of the one alternative that has any.
fn properties<'a>(
    schema: &'a RefOr<Schema>,
    schemas: &'a Schemas,
) -> Vec<(&'a String, &'a RefOr<Schema>)> {
    match schema {
        RefOr::Ref(to) => {
            let name = to.ref_location.rsplit('/').next().unwrap_or_default();
            schemas
                .get(name)
                .map_or_else(Vec::new, |schema| properties(schema, schemas))
        }
        RefOr::T(Schema::Object(object)) => object.properties.iter().collect(),
        RefOr::T(Schema::Array(array)) => match &array.items {
            ArrayItems::RefOrSchema(items) => properties(items, schemas),
            ArrayItems::False => Vec::new(),
        },
        RefOr::T(Schema::OneOf(one_of)) => {
            let inner = one_of.items.iter().map(|item| properties(item, schemas));
            inner.flatten().collect()
        }
        RefOr::T(Schema::AllOf(all_of)) => {
            let inner = all_of.items.iter().map(|item| properties(item, schemas));
            inner.flatten().collect()
        }
        RefOr::T(_) => Vec::new(),
    }
}

impl Fields {
    /// The parameter `fields`: names, and names of what is in them after a dot,
    /// separated by commas. None where it is absent.
    ///
    /// # Errors
    /// 400 for a name that `shape` does not have, with those that it has.
    pub fn of(query: &Query, shape: &Shape) -> Result<Option<Self>, Problem> {
        let mut fields = BTreeMap::new();
        for path in query.many(PARAMETER)? {
            let (name, inner) = match path.split_once('.') {
                Some((name, inner)) => (name, Some(inner)),
                None => (path, None),
            };
            let Some(there) = shape.0.get(name) else {
                let names = shape.names();
                return Err(invalid(PARAMETER, format!("has no {name}: one of {names}")));
            };
            match inner {
                None => {
                    fields.insert(name.to_owned(), Part::Whole);
                }
                Some(inner) if there.contains(inner) => {
                    let part = fields.entry(name.to_owned());
                    if let Part::Some(names) = part.or_insert_with(|| Part::Some(BTreeSet::new())) {
                        names.insert(inner.to_owned());
                    }
                }
                Some(inner) => {
                    let names: Vec<_> = there.iter().map(String::as_str).collect();
                    let names = names.join(", ");
                    let detail = if names.is_empty() {
                        format!("has no {name}.{inner}: {name} has no parts")
                    } else {
                        format!("has no {name}.{inner}: {name} has {names}")
                    };
                    return Err(invalid(PARAMETER, detail));
                }
            }
        }
        Ok((!fields.is_empty()).then_some(Self(fields)))
    }

    /// Fields of these names, whole.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let whole = |name: &str| (name.to_owned(), Part::Whole);
        Self(names.into_iter().map(whole).collect())
    }

    /// The same text for the same fields.
    pub fn canonical(&self) -> String {
        let paths = self.0.iter().map(|(name, part)| match part {
            Part::Whole => name.clone(),
            Part::Some(inner) => {
                let inner: Vec<_> = inner
                    .iter()
                    .map(|inner| format!("{name}.{inner}"))
                    .collect();
                inner.join(",")
            }
        });
        let paths: Vec<_> = paths.collect();
        format!("fields={}\n", paths.join(","))
    }

    /// Of the stored JSON object `json` only these fields.
    ///
    /// # Errors
    /// 500 when it is none, or a part is not what its fields say.
    pub fn of_stored(&self, json: &str) -> Result<String, Problem> {
        self.cut(json).map_err(Problem::internal)
    }

    /// The same, for whoever answers with no problem.
    pub fn cut(&self, json: &str) -> Result<String, serde_json::Error> {
        let object: Object<'_> = serde_json::from_str(json)?;
        let mut text = String::with_capacity(json.len() / 4);
        object.write(&mut text, |name, value, text| {
            match self.0.get(name) {
                None => return Ok(false),
                Some(Part::Whole) => text.push_str(value.get()),
                Some(Part::Some(inner)) => cut_part(value, inner, text)?,
            }
            Ok(true)
        })?;
        Ok(text)
    }
}

/// Some fields of an object, or of each object of an array; else the value.
fn cut_part(
    value: &RawValue,
    inner: &BTreeSet<String>,
    text: &mut String,
) -> Result<(), serde_json::Error> {
    let only = |object: &Object<'_>, text: &mut String| {
        object.write(text, |name, value, text| {
            let kept = inner.contains(name);
            if kept {
                text.push_str(value.get());
            }
            Ok(kept)
        })
    };
    match value.get().as_bytes().first() {
        Some(b'{') => only(&serde_json::from_str(value.get())?, text),
        Some(b'[') => {
            let objects: Vec<Object<'_>> = serde_json::from_str(value.get())?;
            text.push('[');
            for (number, object) in objects.iter().enumerate() {
                if number > 0 {
                    text.push(',');
                }
                only(object, text)?;
            }
            text.push(']');
            Ok(())
        }
        _ => {
            text.push_str(value.get());
            Ok(())
        }
    }
}

/// The members of an object, in their order, unread.
#[derive(Default)]
pub struct Object<'a>(Vec<(String, &'a RawValue)>);

impl Object<'_> {
    /// Adds the members of another one at the end, each in the place of one of
    /// the same name.
    pub fn extend(&mut self, other: Self) {
        for (name, value) in other.0 {
            self.0.retain(|(known, _)| *known != name);
            self.0.push((name, value));
        }
    }

    /// Writes those members whose value `write` writes.
    pub fn write(
        &self,
        text: &mut String,
        write: impl Fn(&str, &RawValue, &mut String) -> Result<bool, serde_json::Error>,
    ) -> Result<(), serde_json::Error> {
        text.push('{');
        let mut first = true;
        for (name, value) in &self.0 {
            let before = text.len();
            if !first {
                text.push(',');
            }
            text.push_str(&serde_json::to_string(name)?);
            text.push(':');
            if write(name, value, text)? {
                first = false;
            } else {
                text.truncate(before);
            }
        }
        text.push('}');
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn fields(text: &str) -> Result<Option<Fields>, String> {
        let request = TestRequest::with_uri(&format!("/?fields={text}")).to_http_request();
        let query = Query::of(&request, &[PARAMETER]).map_err(|p| p.to_string())?;
        let refused = |p: Problem| p.document(None, None).detail.unwrap_or_default();
        Fields::of(&query, &ORDER).map_err(refused)
    }

    #[test]
    fn the_fields_are_those_of_the_document() {
        let shape = Shape::of::<Order>();
        assert!(shape.0["lines"].contains("sku") && shape.0["totals"].contains("balance_due"));
        assert!(shape.0["customer"].contains("email") && shape.0["id"].is_empty());
        let summary = Shape::of::<OrderSummary>();
        assert!(summary.0.contains_key("line_count") && !summary.0.contains_key("lines"));
    }

    #[test]
    fn what_is_kept_stays_as_it_is() {
        let order = r#"{"version": 1,"lines":[{"sku":"A","n":1e2},{"sku":"é\n","n":[1, 2]}],"customer":null,"id":"x"}"#;
        let cut = |text: &str| fields(text).expect("known").expect("some").cut(order);
        assert_eq!(
            cut("id,version").ok().as_deref(),
            Some(r#"{"version":1,"id":"x"}"#)
        );
        assert_eq!(
            cut("lines.sku,customer.email").ok().as_deref(),
            Some(r#"{"lines":[{"sku":"A"},{"sku":"é\n"}],"customer":null}"#)
        );
        assert_eq!(
            cut("lines.sku,lines").ok().as_deref(),
            Some(r#"{"lines":[{"sku":"A","n":1e2},{"sku":"é\n","n":[1, 2]}]}"#)
        );
    }

    #[test]
    fn unknown_fields_are_named_with_what_there_is() {
        assert!(
            fields("colour")
                .expect_err("unknown")
                .contains("fulfillment_status")
        );
        assert!(fields("lines.colour").expect_err("unknown").contains("sku"));
        assert!(fields("id.x").expect_err("unknown").contains("no parts"));
        assert!(fields("lines.sku.x").is_err() && fields("").is_err());
    }
}
