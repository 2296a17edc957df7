//! The mapping file: which column is which field, and how it is written. TOML,
//! or JSON with the same members.

use super::fields::Field;
use crate::import::{
    ImportError,
    dates::{Dates, Form, Forms, zone},
    decimal::Style,
};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};

/// A mapping, checked.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// Slug of the sales channel that the orders belong to.
    pub platform: String,
    /// Between the cells of a CSV.
    pub delimiter: u8,
    /// Statement to read rows with.
    pub query: Option<String>,
    /// How amounts are written.
    pub amounts: Style,
    /// How times are written.
    pub dates: Dates,
    /// Texts that stand for nothing.
    pub empty: Vec<String>,
    /// Where each field comes from.
    pub fields: Vec<(Field, Source)>,
}

/// Where a field comes from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Source {
    /// The column; none: `value` for all rows.
    pub column: Option<String>,
    /// A constant.
    pub value: Option<String>,
    /// For cells with nothing in them.
    pub default: Option<String>,
    /// What texts of the column stand for; others stand for themselves.
    pub values: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Column(String),
    Source(Source),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    platform: String,
    #[serde(default = "comma")]
    delimiter: char,
    query: Option<String>,
    #[serde(default)]
    amounts: Style,
    #[serde(default = "iso")]
    dates: Forms,
    #[serde(default = "utc")]
    zone: String,
    #[serde(default)]
    empty: Vec<String>,
    fields: BTreeMap<String, Given>,
}

const fn comma() -> char {
    ','
}

fn iso() -> Forms {
    Forms::One("iso".to_owned())
}

fn utc() -> String {
    "Z".to_owned()
}

impl Mapping {
    /// Reads a mapping file: JSON where its name ends so, else TOML.
    ///
    /// # Errors
    /// Where it cannot be read, or is no mapping.
    pub fn read(path: &Path) -> Result<Self, ImportError> {
        let text = std::fs::read_to_string(path).map_err(|source| ImportError::Open {
            path: path.to_owned(),
            source,
        })?;
        let is_json = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("json"));
        let mapping = if is_json {
            Self::of_json(&text)
        } else {
            Self::of_toml(&text)
        };
        mapping.map_err(|detail| ImportError::Mapping {
            path: path.to_owned(),
            detail,
        })
    }

    /// A mapping in either: JSON begins with a brace, and no TOML does.
    pub fn of_text(text: &str) -> Result<Self, String> {
        if text.trim_start().starts_with('{') {
            Self::of_json(text)
        } else {
            Self::of_toml(text)
        }
    }

    /// A mapping in TOML.
    pub fn of_toml(text: &str) -> Result<Self, String> {
        let file = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        Self::checked(file)
    }

    fn of_json(text: &str) -> Result<Self, String> {
        let file = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::checked(file)
    }

    fn checked(file: File) -> Result<Self, String> {
        let delimiter = u8::try_from(file.delimiter).ok();
        let delimiter = delimiter.filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte));
        let forms = file.dates.texts().iter();
        let forms = forms.map(|text| {
            let form = Form::of(text);
            form.map_err(|error| format!("{text:?} is not a form of dates: {error}"))
        });
        if !file.amounts.is_clear() {
            return Err("amounts: decimal and thousands have to be two different marks".into());
        }
        let mut fields = Vec::new();
        for (name, given) in file.fields {
            let field = Field::named(&name).ok_or_else(|| unknown(&name))?;
            fields.push((field, source(&name, given)?));
        }
        let has = |field| fields.iter().any(|(there, _)| *there == field);
        if let Some(missing) = Field::NEEDED.iter().find(|field| !has(**field)) {
            return Err(format!("the field {} is missing", missing.name()));
        }
        fields.sort_by_key(|(field, _)| *field);
        Ok(Self {
            platform: file.platform,
            delimiter: delimiter.ok_or("delimiter: one ASCII character is expected")?,
            query: file.query,
            amounts: file.amounts,
            dates: Dates {
                forms: forms.collect::<Result<_, _>>()?,
                zone: zone(&file.zone).ok_or("zone: an offset such as +01:00 is expected")?,
            },
            empty: file.empty,
            fields,
        })
    }
}

fn source(name: &str, given: Given) -> Result<Source, String> {
    let source = match given {
        Given::Column(column) => Source {
            column: Some(column),
            ..Source::default()
        },
        Given::Source(source) => source,
    };
    if source.column.is_some() == source.value.is_some() {
        return Err(format!("the field {name} needs either a column or a value"));
    }
    Ok(source)
}

fn unknown(name: &str) -> String {
    let known: Vec<&str> = Field::ALL.iter().map(|field| field.name()).collect();
    format!("there is no field {name:?}; there are {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = r#"
        platform = "old-shop"
        [fields]
        external_id = "No"
        currency = { value = "EUR" }
        placed_at = "Date"
        sku = "Sku"
        quantity = "Qty"
        unit_price = "Price"
    "#;

    #[test]
    fn toml_and_json_say_the_same() {
        let json = r#"{"platform": "old-shop", "fields": {
            "external_id": "No", "currency": {"value": "EUR"}, "placed_at": {"column": "Date"},
            "sku": "Sku", "quantity": "Qty", "unit_price": "Price"}}"#;
        let toml = Mapping::of_toml(LEAST).expect("a mapping");
        for (text, same) in [(LEAST, &toml), (json, &toml)] {
            let read = Mapping::of_text(text).expect("a mapping");
            assert_eq!(format!("{read:?}"), format!("{same:?}"));
        }
        let json = Mapping::of_json(json).expect("a mapping");
        assert_eq!(format!("{toml:?}"), format!("{json:?}"));
    }

    #[test]
    fn what_is_wrong_with_a_mapping_is_said() {
        let with = |line: &str| Mapping::of_toml(&format!("{line}\n{LEAST}")).expect_err(line);
        let without = LEAST.replace("sku = \"Sku\"", "");
        assert_eq!(
            Mapping::of_toml(&without).expect_err("no sku"),
            "the field sku is missing"
        );
        let unknown = LEAST.replace("sku =", "colour =");
        assert!(
            Mapping::of_toml(&unknown)
                .expect_err("no such field")
                .starts_with("there is no field \"colour\"; there are external_id,")
        );
        let both = LEAST.replace("{ value = \"EUR\" }", "{ value = \"EUR\", column = \"C\" }");
        assert!(
            Mapping::of_toml(&both)
                .expect_err("both")
                .contains("either a column or a value")
        );
        assert!(with("colour = 1").contains("unknown field"));
        assert!(with("zone = \"CET\"").contains("offset"));
        assert!(with("delimiter = \"é\"").contains("ASCII"));
        assert!(with("dates = \"%Q\"").contains("%Q"));
        assert!(with("amounts = { decimal = \",\", thousands = \",\" }").contains("two different"));
    }
}
