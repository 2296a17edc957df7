//! Parameters that are one of some values.

use contracts::order::{FulfillmentStatus, Kind, OrderStatus, PaymentStatus, ReturnStatus};
use infra::http::{Problem, Query, query::invalid};
use sqlx::{Postgres, QueryBuilder};

/// Longest value of a filter (docs/openapi.json).
const LONGEST: usize = 255;
/// Longest value that is written into a statement.
const LONGEST_WORD: usize = 32;
/// Most values of one filter.
const MOST_VALUES: usize = 50;

/// A parameter of which an order must have one of the values.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// Name of the parameter.
    pub parameter: &'static str,
    place: Place,
    /// Whether commas separate values; texts of others may contain them.
    commas: bool,
    values: Values,
    /// Whether there are so few values that each has its own statement: written
    /// out, the planner knows how many orders have it and plans once, where a
    /// value that is bound has it plan anew each time, for longer than reading a
    /// page takes.
    few: bool,
}

/// Where an order has its values.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// One, in this column.
    Column(&'static str),
    /// Any of its tags.
    Tags,
    /// Any of its lines, in this column.
    Lines(&'static str),
}

#[derive(Debug, Clone, Copy)]
enum Values {
    Text,
    /// Two capital letters.
    Country,
    /// Three capital letters.
    Currency,
    OneOf(fn(&str) -> bool, fn() -> Vec<&'static str>),
}

const fn choice(parameter: &'static str, values: Values) -> Choice {
    Choice {
        parameter,
        place: Place::Column(parameter),
        commas: true,
        values,
        few: true,
    }
}

const fn free_text(parameter: &'static str, place: Place) -> Choice {
    Choice {
        parameter,
        place,
        commas: false,
        values: Values::Text,
        few: false,
    }
}

macro_rules! one_of {
    ($axis:ty) => {
        Values::OneOf(
            |text| text.parse::<$axis>().is_ok(),
            || <$axis>::ALL.iter().map(|value| value.as_str()).collect(),
        )
    };
}

/// Sales channel.
pub const PLATFORM: Choice = choice("platform", Values::Text);
/// ISO 3166-1 alpha-2.
pub const COUNTRY: Choice = Choice {
    few: false,
    ..choice("country", Values::Country)
};
/// ISO 4217.
pub const CURRENCY: Choice = choice("currency", Values::Currency);
/// Sale, credit or adjustment.
pub const KIND: Choice = choice("kind", one_of!(Kind));
/// Order axis.
pub const STATUS: Choice = choice("status", one_of!(OrderStatus));
/// Payment axis.
pub const PAYMENT_STATUS: Choice = choice("payment_status", one_of!(PaymentStatus));
/// Fulfilment axis.
pub const FULFILLMENT_STATUS: Choice = choice("fulfillment_status", one_of!(FulfillmentStatus));
/// Return axis.
pub const RETURN_STATUS: Choice = choice("return_status", one_of!(ReturnStatus));
/// The platform's own id of the customer.
pub const CUSTOMER: Choice = free_text("customer", Place::Column("customer_id"));
/// The same, where the sums of customers have it.
pub const BUYER: Choice = free_text("customer", Place::Column("customer"));
/// The platform's own id of the order.
pub const EXTERNAL_ID: Choice = free_text("external_id", Place::Column("external_id"));
/// A label.
pub const TAG: Choice = free_text("tag", Place::Tags);
/// Stock keeping unit of a line.
pub const SKU: Choice = free_text("sku", Place::Lines("sku"));
/// The same, where the sums of products have it.
pub const PRODUCT: Choice = free_text("sku", Place::Column("sku"));

impl Choice {
    /// The values that are asked for; none where the parameter is absent.
    pub(super) fn read(&self, query: &Query) -> Result<Vec<String>, Problem> {
        let values = if self.commas {
            query.many(self.parameter)?
        } else {
            query.repeated(self.parameter)?
        };
        if values.len() > MOST_VALUES {
            let detail = format!("may have at most {MOST_VALUES} values");
            return Err(invalid(self.parameter, detail));
        }
        let check = |value: &&str| match self.values.refuse(value) {
            Some(expected) => Err(invalid(self.parameter, format!("must be {expected}"))),
            None => Ok(()),
        };
        values.iter().try_for_each(check)?;
        Ok(values.into_iter().map(str::to_owned).collect())
    }

    /// Whether these values stand in the statement itself: words only.
    fn is_written(&self, values: &[String]) -> bool {
        self.few && values.iter().all(|value| is_word(value))
    }

    /// Adds ` AND …`.
    pub(super) fn push(&self, sql: &mut QueryBuilder<'_, Postgres>, values: &[String]) {
        match self.place {
            Place::Column(column) if self.is_written(values) => {
                sql.push(format!(" AND {column} {}", one_of_words(values)));
            }
            Place::Column(column) => {
                sql.push(" AND ").push(column);
                push_equal(sql, values);
            }
            // The index leaves out orders without any.
            Place::Tags => {
                sql.push(" AND tags <> '{}' AND tags && ");
                sql.push_bind(values.to_vec());
            }
            Place::Lines(column) => {
                sql.push(" AND EXISTS (SELECT 1 FROM order_lines WHERE order_id = orders.id AND ");
                sql.push(column);
                push_equal(sql, values);
                sql.push(")");
            }
        }
    }
}

/// Words as SQL; an equality lets an index give the rows in order.
fn one_of_words(words: &[String]) -> String {
    match words {
        [word] => format!("= '{word}'"),
        _ => format!("IN ('{}')", words.join("', '")),
    }
}

/// What can stand between quotes as it is.
fn is_word(text: &str) -> bool {
    text.len() <= LONGEST_WORD
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// An equality lets an index give the rows in order.
fn push_equal(sql: &mut QueryBuilder<'_, Postgres>, values: &[String]) {
    if let [value] = values {
        sql.push(" = ").push_bind(value.clone());
    } else {
        sql.push(" = ANY(").push_bind(values.to_vec()).push(")");
    }
}

impl Values {
    /// What a value should be, where it is not.
    fn refuse(&self, value: &str) -> Option<String> {
        let letters = |n: usize| value.len() == n && value.bytes().all(|b| b.is_ascii_uppercase());
        match self {
            Self::Text => (value.chars().count() > LONGEST || value.chars().any(char::is_control))
                .then(|| format!("at most {LONGEST} characters without control characters")),
            Self::Country => (!letters(2)).then(|| "an ISO 3166 code such as GB".to_owned()),
            Self::Currency => (!letters(3)).then(|| "an ISO 4217 code such as GBP".to_owned()),
            Self::OneOf(known, all) => {
                (!known(value)).then(|| format!("one of {}", all().join(", ")))
            }
        }
    }
}
