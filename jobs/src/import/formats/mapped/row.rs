//! A row of cells as the fields of an order and of one of its lines.

use super::{
    Record,
    config::{Mapping, Source},
    fields::{Field, Kind},
};
use crate::import::{
    ImportError,
    body::LineBody,
    decimal,
    item::Reason,
    window::{self, BadRow},
};
use contracts::order::UnitPrice;
use domain::money::Currency;
use std::{collections::BTreeMap, path::Path, sync::Arc};
use time::OffsetDateTime;

/// The cells of a row; none where there is nothing, as SQL tells it apart.
pub type Cells = Vec<Option<String>>;

/// What a field says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(i64),
    Price(UnitPrice),
    Time(OffsetDateTime),
}

/// A row that makes sense.
#[derive(Debug)]
pub struct Row {
    /// Number of its line in the file, or of the row in a result, from 1.
    pub line: u64,
    /// Slug of the sales channel.
    pub platform: Arc<str>,
    /// The order that it belongs to.
    pub external_id: String,
    /// What it says of the order.
    pub order: BTreeMap<Field, Value>,
    /// What it says of itself.
    pub body: LineBody,
}

impl window::Row for Row {
    fn line(&self) -> u64 {
        self.line
    }

    fn invoice(&self) -> &str {
        &self.external_id
    }
}

/// A mapping on the columns that a file has.
pub struct Reader {
    mapping: Mapping,
    platform: Arc<str>,
    /// Place of each field's column.
    places: Vec<Option<usize>>,
    columns: usize,
}

impl Reader {
    /// # Errors
    /// Where the file lacks a column of the mapping, or has it twice.
    pub fn new(mapping: Mapping, path: &Path, columns: &[String]) -> Result<Self, ImportError> {
        let place = |(_, source): &(Field, Source)| {
            let Some(wanted) = &source.column else {
                return Ok(None);
            };
            let mut places = columns.iter().enumerate();
            let mut places = places.by_ref().filter(|(_, name)| *name == wanted);
            match (places.next(), places.next()) {
                (Some((place, _)), None) => Ok(Some(place)),
                (found, _) => Err(ImportError::Mapping {
                    path: path.to_owned(),
                    detail: match found {
                        // Without its first line, which may be somebody's.
                        None => format!(
                            "there is no column {wanted:?} among the {} of the first line",
                            columns.len()
                        ),
                        Some(_) => format!("there are two columns {wanted:?}"),
                    },
                }),
            }
        };
        Ok(Self {
            places: mapping.fields.iter().map(place).collect::<Result<_, _>>()?,
            platform: mapping.platform.as_str().into(),
            mapping,
            columns: columns.len(),
        })
    }

    /// Reads a row.
    pub fn read(&self, record: Record) -> Result<Row, BadRow> {
        let (line, cells) = (record.line, &record.cells);
        // Which order a mistake belongs to is needed first.
        let external_id = self.text(Field::ExternalId, cells);
        let bad = |reason| BadRow {
            line,
            invoice: external_id.clone(),
            reason,
        };
        if let Some(problem) = record.problem {
            return Err(bad(problem));
        }
        if cells.len() != self.columns {
            let detail = format!("{} columns instead of {}", cells.len(), self.columns);
            return Err(bad(Reason::new("wrong_column_count", detail)));
        }
        let missing = || missing(Field::ExternalId);
        let id = external_id.clone().ok_or_else(|| bad(missing()))?;
        self.understood(line, id, cells).map_err(bad)
    }

    fn understood(&self, line: u64, external_id: String, cells: &Cells) -> Result<Row, Reason> {
        let code = self.text(Field::Currency, cells);
        let code = code.ok_or_else(|| missing(Field::Currency))?;
        let currency: Currency = code
            .parse()
            .map_err(|error| Reason::new("unknown_currency", format!("{error}")))?;
        let (mut order, mut own) = (BTreeMap::new(), BTreeMap::new());
        for (at, (field, _)) in self.mapping.fields.iter().enumerate() {
            let Some(text) = self.cell(at, cells) else {
                continue;
            };
            let value = self.value(*field, text, currency)?;
            let kept = if field.is_of_line() {
                &mut own
            } else {
                &mut order
            };
            kept.insert(*field, value);
        }
        // Without its time it has not happened, where times are told.
        for (amount, at) in [
            (Field::PaidAmount, Field::PaidAt),
            (Field::RefundedAmount, Field::RefundedAt),
        ] {
            if self.place(at).is_some() && !order.contains_key(&at) {
                order.remove(&amount);
            }
        }
        let mut text = |field| match own.remove(&field) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        };
        let sku = text(Field::Sku).ok_or_else(|| missing(Field::Sku))?;
        let name = text(Field::Name).unwrap_or_default();
        let number = |field| match own.get(&field) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        };
        let quantity = number(Field::Quantity).ok_or_else(|| missing(Field::Quantity))?;
        let (tax, discount) = (number(Field::Tax), number(Field::Discount));
        let Some(Value::Price(unit_price)) = own.remove(&Field::UnitPrice) else {
            return Err(missing(Field::UnitPrice));
        };
        Ok(Row {
            line,
            platform: Arc::clone(&self.platform),
            external_id,
            order,
            body: LineBody {
                sku,
                name,
                quantity,
                unit_price,
                tax: tax.unwrap_or_default(),
                discount: discount.unwrap_or_default(),
            },
        })
    }

    /// Where a field is in the mapping.
    fn place(&self, field: Field) -> Option<usize> {
        let mut fields = self.mapping.fields.iter();
        fields.position(|(there, _)| *there == field)
    }

    /// What a row has for a field; none where nothing is there.
    fn text(&self, field: Field, cells: &Cells) -> Option<String> {
        self.cell(self.place(field)?, cells)
    }

    fn cell(&self, at: usize, cells: &Cells) -> Option<String> {
        let (_, source) = self.mapping.fields.get(at)?;
        let Some(place) = self.places.get(at).copied().flatten() else {
            return source.value.clone();
        };
        let cell = cells.get(place).and_then(Option::as_deref);
        let cell = cell.unwrap_or_default().trim();
        let is_empty = cell.is_empty() || self.mapping.empty.iter().any(|empty| empty == cell);
        let cell = if is_empty {
            source.default.as_deref()?
        } else {
            source.values.get(cell).map_or(cell, String::as_str)
        };
        Some(cell.to_owned()).filter(|cell| !cell.is_empty())
    }

    fn value(&self, field: Field, text: String, currency: Currency) -> Result<Value, Reason> {
        let (amounts, exponent) = (self.mapping.amounts, currency.exponent());
        let wrong = |code, expected: &str| {
            let reason = Reason::not(code, &text, expected);
            Reason {
                detail: format!("{}: {}", field.name(), reason.detail),
                ..reason
            }
        };
        match field.kind() {
            Kind::Text | Kind::Currency => Ok(Value::Text(on_one_line(text))),
            Kind::Amount => decimal::minor(&text, amounts, exponent)
                .map(Value::Number)
                .ok_or_else(|| wrong("invalid_amount", &format!("an amount of {currency}"))),
            Kind::Price => decimal::unit_price(&text, amounts, exponent)
                .map(Value::Price)
                .ok_or_else(|| wrong("invalid_amount", "a price")),
            // What went through a floating-point column is a whole number still.
            Kind::Quantity => decimal::minor(&text, amounts, 0)
                .map(Value::Number)
                .ok_or_else(|| wrong("invalid_quantity", "a whole number")),
            Kind::Time => self
                .mapping
                .dates
                .read(&text)
                .map(Value::Time)
                .ok_or_else(|| wrong("invalid_date", "a time of the mapping's forms")),
            Kind::Country => {
                let is_code = text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
                let country = is_code.then(|| Value::Text(text.to_ascii_uppercase()));
                country.ok_or_else(|| wrong("invalid_country", "a code such as DE"))
            }
        }
    }
}

/// Cells may have line breaks, texts of orders may not.
fn on_one_line(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    let lines = text.split(char::is_control).map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}

fn missing(field: Field) -> Reason {
    Reason::new("missing_value", format!("the row has no {}", field.name()))
}
