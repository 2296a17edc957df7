//! Filters that lists and statistics share: equality with one of some values,
//! and half-open ranges of time.

use contracts::order::{FulfillmentStatus, Kind, OrderStatus, PaymentStatus, ReturnStatus};
use infra::http::{Problem, Query, query::invalid};
use sqlx::{Postgres, QueryBuilder};
use std::fmt::Write as _;
use time::OffsetDateTime;

/// Longest value of a filter (docs/openapi.json).
const LONGEST: usize = 255;
/// Most values of one filter.
const MOST_VALUES: usize = 50;

/// A parameter that a column must equal.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// Name of the parameter.
    pub parameter: &'static str,
    column: &'static str,
    /// Whether commas separate values; ids of others may contain them.
    commas: bool,
    values: Values,
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

/// A pair of parameters that a column must lie between.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Name of the lower bound, which is included.
    pub from: &'static str,
    /// Name of the upper bound, which is not.
    pub to: &'static str,
    column: &'static str,
}

const fn choice(parameter: &'static str, values: Values) -> Choice {
    Choice {
        parameter,
        column: parameter,
        commas: true,
        values,
    }
}

const fn foreign_id(parameter: &'static str, column: &'static str) -> Choice {
    Choice {
        parameter,
        column,
        commas: false,
        values: Values::Text,
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
pub const COUNTRY: Choice = choice("country", Values::Country);
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
pub const CUSTOMER: Choice = foreign_id("customer", "customer_id");
/// The platform's own id of the order.
pub const EXTERNAL_ID: Choice = foreign_id("external_id", "external_id");

/// When the log first recorded the order.
pub const CREATED: Span = span("created_from", "created_to", "created_at");
/// Business time.
pub const PLACED: Span = span("placed_from", "placed_to", "placed_at");
/// When the log last recorded a change.
pub const UPDATED: Span = span("updated_from", "updated_to", "updated_at");

const fn span(from: &'static str, to: &'static str, column: &'static str) -> Span {
    Span { from, to, column }
}

/// What a query asks for.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    equal: Vec<(Choice, Vec<String>)>,
    between: Vec<(Span, Option<OffsetDateTime>, Option<OffsetDateTime>)>,
}

impl Filters {
    /// Reads those parameters of a query that are named.
    ///
    /// # Errors
    /// 400 for a value that a filter cannot have, or a range that ends before
    /// it begins.
    pub fn of(query: &Query, choices: &[Choice], spans: &[Span]) -> Result<Self, Problem> {
        let mut filters = Self::default();
        for choice in choices {
            let values = choice.read(query)?;
            if !values.is_empty() {
                filters.equal.push((*choice, values));
            }
        }
        for span in spans {
            let (from, to) = (query.time(span.from)?, query.time(span.to)?);
            if from.zip(to).is_some_and(|(from, to)| from > to) {
                return Err(invalid(
                    span.to,
                    format!("must not be before {}", span.from),
                ));
            }
            if from.is_some() || to.is_some() {
                filters.between.push((*span, from, to));
            }
        }
        Ok(filters)
    }

    /// The same text for the same filters, however they were written.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        // Values have no control characters: nothing can be moved across one.
        for (choice, values) in &self.equal {
            let _ = write!(text, "{}=", choice.parameter);
            for value in values {
                let _ = write!(text, "{value}\u{1f}");
            }
            text.push('\n');
        }
        for (span, from, to) in &self.between {
            let nanos = |time: &Option<OffsetDateTime>| {
                time.map_or_else(String::new, |time| time.unix_timestamp_nanos().to_string())
            };
            let _ = writeln!(text, "{}={}..{}", span.column, nanos(from), nanos(to));
        }
        text
    }

    /// Adds ` AND …` for each of them.
    pub fn push(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        for (choice, values) in &self.equal {
            sql.push(" AND ").push(choice.column);
            // An equality lets an index on it give the rows in order.
            if let [value] = &values[..] {
                sql.push(" = ").push_bind(value.clone());
            } else {
                sql.push(" = ANY(").push_bind(values.clone()).push(")");
            }
        }
        for (span, from, to) in &self.between {
            for (comparison, bound) in [(" >= ", from), (" < ", to)] {
                if let Some(bound) = bound {
                    sql.push(" AND ").push(span.column).push(comparison);
                    sql.push_bind(*bound);
                }
            }
        }
    }
}

impl Choice {
    fn read(&self, query: &Query) -> Result<Vec<String>, Problem> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn filters(text: &str) -> Result<Filters, String> {
        let request = TestRequest::with_uri(&format!("/?{text}")).to_http_request();
        let allowed = [
            "status",
            "external_id",
            "country",
            "created_from",
            "created_to",
        ];
        let query = Query::of(&request, &allowed).map_err(|p| p.to_string())?;
        Filters::of(&query, &[STATUS, EXTERNAL_ID, COUNTRY], &[CREATED]).map_err(|p| p.to_string())
    }

    fn sql(text: &str) -> String {
        let mut sql = QueryBuilder::new("");
        filters(text).expect("valid").push(&mut sql);
        sql.into_sql()
    }

    #[test]
    fn values_are_bound_never_written() {
        assert_eq!(sql("status=placed"), " AND status = $1");
        assert_eq!(sql("status=placed,draft"), " AND status = ANY($1)");
        assert_eq!(
            sql("created_from=2026-01-01&created_to=2026-02-01&external_id=a%27,b"),
            " AND external_id = $1 AND created_at >= $2 AND created_at < $3"
        );
    }

    #[test]
    fn the_canonical_form_does_not_depend_on_how_it_was_written() {
        let canonical = |text| filters(text).map(|f| f.canonical());
        assert_eq!(
            canonical("status=placed,draft&country=GB&created_from=2026-01-01"),
            canonical(
                "created_from=2026-01-01T01:00:00%2B01:00&country=GB&status=draft&status=placed"
            )
        );
        assert_ne!(
            canonical("external_id=a,b"),
            canonical("external_id=a&external_id=b")
        );
    }

    #[test]
    fn wrong_values_are_refused_with_what_is_allowed() {
        for (text, reason) in [
            (
                "status=open",
                "status must be one of draft, placed, cancelled",
            ),
            ("country=gb", "country must be an ISO 3166 code such as GB"),
            (
                "external_id=%00",
                "external_id must be at most 255 characters",
            ),
            ("external_id=", "external_id may not be empty"),
            (
                "created_from=2026-02-01&created_to=2026-01-01",
                "must not be before created_from",
            ),
        ] {
            let error = filters(text).expect_err(text);
            assert!(error.contains(reason), "{error}");
        }
    }
}
