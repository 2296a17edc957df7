//! Filters that lists and statistics share: one of some values, half-open
//! ranges of time, ranges of amounts, yes or no.

mod choice;
mod flag;
mod range;
mod text;
mod words;

pub use choice::{
    BUYER, COUNTRY, CURRENCY, CUSTOMER, Choice, EXTERNAL_ID, FULFILLMENT_STATUS, KIND,
    PAYMENT_STATUS, PLATFORM, PRODUCT, RETURN_STATUS, SKU, STATUS, TAG,
};
pub use flag::{ARCHIVED, Flag, HAS_HOLD, HAS_OPEN_RETURN};
pub use range::{Amounts, BALANCE_DUE, CREATED, LAST_ORDER, PLACED, TOTAL, Times, UPDATED};
pub use text::Text;
pub use words::Words;

use infra::http::{Problem, Query};
use sqlx::{Postgres, QueryBuilder};
use std::{fmt::Write as _, slice};
use time::OffsetDateTime;

/// What a route can be asked for.
#[derive(Debug, Clone, Copy)]
pub struct Allowed {
    /// One of some values.
    pub choices: &'static [Choice],
    /// Ranges of time.
    pub times: &'static [Times],
    /// Ranges of amounts.
    pub amounts: &'static [Amounts],
    /// Yes or no.
    pub flags: &'static [Flag],
}

impl Allowed {
    /// No filter at all.
    pub const NOTHING: Self = Self {
        choices: &[],
        times: &[],
        amounts: &[],
        flags: &[],
    };
}

/// What a query asks for.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    conditions: Vec<Condition>,
    /// Whether the platform is that of the caller's key: it is never left out.
    own_platform: bool,
}

#[derive(Debug, Clone)]
enum Condition {
    OneOf(Choice, Vec<String>),
    /// The same, whichever parameter is left out: not the client has chosen it.
    Given(Choice, String),
    Time(Times, Option<OffsetDateTime>, Option<OffsetDateTime>),
    Amount(Amounts, Option<i64>, Option<i64>),
    Is(Flag, bool),
}

impl Filters {
    /// Reads those parameters of a query that are allowed.
    ///
    /// # Errors
    /// 400 for a value that a filter cannot have, or a range that ends before
    /// it begins.
    pub fn of(query: &Query, allowed: &Allowed) -> Result<Self, Problem> {
        Self::of_but(query, allowed, &[])
    }

    /// The same, without parameters that something else takes.
    pub fn of_but(query: &Query, allowed: &Allowed, taken: &[Choice]) -> Result<Self, Problem> {
        let mut conditions = Vec::new();
        let is_taken = |choice: &&Choice| taken.iter().any(|t| t.parameter == choice.parameter);
        for choice in allowed.choices.iter().filter(|choice| !is_taken(choice)) {
            let values = choice.read(query)?;
            if !values.is_empty() {
                conditions.push(Condition::OneOf(*choice, values));
            }
        }
        for times in allowed.times {
            if let Some((from, to)) = times.read(query)? {
                conditions.push(Condition::Time(*times, from, to));
            }
        }
        for amounts in allowed.amounts {
            if let Some((min, max)) = amounts.read(query)? {
                conditions.push(Condition::Amount(*amounts, min, max));
            }
        }
        for flag in allowed.flags {
            if let Some(value) = flag.read(query)? {
                conditions.push(Condition::Is(*flag, value));
            }
        }
        Ok(Self {
            conditions,
            own_platform: query.is_of_own_platform(),
        })
    }

    /// Chooses the rows that have this value, whatever else the query asks for.
    pub fn give(&mut self, choice: Choice, value: String) {
        self.conditions.push(Condition::Given(choice, value));
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Whether this parameter, one of some values, is among them.
    pub fn has(&self, parameter: &str) -> bool {
        let is = |condition: &Condition| matches!(condition, Condition::OneOf(choice, _) if choice.parameter == parameter);
        self.conditions.iter().any(is)
    }

    /// The same text for the same filters, however they were written.
    pub fn canonical(&self) -> String {
        self.conditions.iter().map(Condition::canonical).collect()
    }

    /// The value of this parameter, if there is exactly one.
    pub fn only_value(&self, parameter: &str) -> Option<&str> {
        let values = self
            .conditions
            .iter()
            .find_map(|condition| match condition {
                Condition::OneOf(choice, values) if choice.parameter == parameter => Some(values),
                _ => None,
            });
        match values.map(Vec::as_slice) {
            Some([value]) => Some(value),
            _ => None,
        }
    }

    /// Adds ` AND …` for each of them.
    pub fn push(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        self.push_but("", sql);
    }

    /// The same, without this parameter, one of some values.
    pub fn push_but(&self, parameter: &str, sql: &mut QueryBuilder<'_, Postgres>) {
        let kept = |choice: &Choice| self.own_platform && choice.parameter == PLATFORM.parameter;
        for condition in &self.conditions {
            match condition {
                Condition::OneOf(choice, _) if choice.parameter == parameter && !kept(choice) => {}
                Condition::OneOf(choice, values) => choice.push(sql, values),
                Condition::Given(choice, value) => choice.push(sql, slice::from_ref(value)),
                Condition::Time(times, from, to) => times.push(sql, *from, *to),
                Condition::Amount(amounts, min, max) => amounts.push(sql, *min, *max),
                Condition::Is(flag, value) => flag.push(sql, *value),
            }
        }
    }
}

impl Condition {
    /// One line of text.
    fn canonical(&self) -> String {
        match self {
            Self::OneOf(choice, values) => one_of(*choice, values),
            Self::Given(choice, value) => one_of(*choice, slice::from_ref(value)),
            Self::Time(times, from, to) => {
                let nanos = |time: &Option<_>| time.map(OffsetDateTime::unix_timestamp_nanos);
                range(times.from, nanos(from), nanos(to))
            }
            Self::Amount(amounts, min, max) => range(amounts.min, *min, *max),
            Self::Is(flag, value) => format!("{}={value}\n", flag.parameter),
        }
    }
}

/// Values have no control characters: nothing can be moved across one.
fn one_of(choice: Choice, values: &[String]) -> String {
    let mut text = format!("{}=", choice.parameter);
    for value in values {
        // Writing to a string cannot fail.
        let _ = write!(text, "{value}\u{1f}");
    }
    text + "\n"
}

fn range<T: ToString>(parameter: &str, from: Option<T>, to: Option<T>) -> String {
    let text = |bound: Option<T>| bound.map_or_else(String::new, |b| b.to_string());
    format!("{parameter}={}..{}\n", text(from), text(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    const ALLOWED: Allowed = Allowed {
        choices: &[PLATFORM, STATUS, EXTERNAL_ID, COUNTRY, TAG, SKU],
        times: &[CREATED, PLACED],
        amounts: &[TOTAL],
        flags: &[ARCHIVED, HAS_HOLD],
    };

    #[test]
    fn what_is_given_stays_whatever_is_left_out() {
        let mut filters = Filters::default();
        filters.give(PLATFORM, "web".to_owned());
        filters.give(EXTERNAL_ID, "a'b".to_owned());
        let mut sql = QueryBuilder::new("");
        filters.push_but("platform", &mut sql);
        assert_eq!(sql.into_sql(), " AND platform = 'web' AND external_id = $1");
        assert!(!filters.is_empty() && !filters.has("platform"));
        assert_eq!(
            filters.canonical(),
            "platform=web\u{1f}\nexternal_id=a'b\u{1f}\n"
        );
    }

    fn filters(text: &str) -> Result<Filters, String> {
        let request = TestRequest::with_uri(&format!("/?{text}")).to_http_request();
        let allowed = [
            "platform",
            "status",
            "external_id",
            "country",
            "tag",
            "sku",
            "created_from",
            "created_to",
            "placed_from",
            "placed_to",
            "total_min",
            "total_max",
            "archived",
            "has_hold",
        ];
        let query = Query::of(&request, &allowed).map_err(|p| p.to_string())?;
        Filters::of(&query, &ALLOWED).map_err(|p| p.to_string())
    }

    fn sql(text: &str) -> String {
        let mut sql = QueryBuilder::new("");
        filters(text).expect("valid").push(&mut sql);
        sql.into_sql()
    }

    #[test]
    fn words_of_few_are_written_and_all_others_bound() {
        assert_eq!(sql("status=placed"), " AND status = 'placed'");
        assert_eq!(
            sql("status=placed,draft&platform=web-2"),
            " AND platform = 'web-2' AND status IN ('draft', 'placed')"
        );
        for text in [
            "%27",
            "a%27%27",
            "a%5C",
            "a%20b",
            "a%00",
            "%C3%A4",
            "a;b",
            &"a".repeat(33),
        ] {
            let Ok(filters) = filters(&format!("platform={text}")) else {
                continue;
            };
            let mut sql = QueryBuilder::new("");
            filters.push(&mut sql);
            assert_eq!(sql.sql(), " AND platform = $1", "{text}");
        }
        assert_eq!(sql("country=GB,FR"), " AND country = ANY($1)");
        assert_eq!(
            sql("created_from=2026-01-01&created_to=2026-02-01&external_id=a%27,b"),
            " AND external_id = $1 AND created_at >= $2 AND created_at < $3"
        );
        assert_eq!(
            sql("tag=a%27,b&sku=A"),
            " AND tags <> '{}' AND tags && $1 AND EXISTS (SELECT 1 FROM order_lines \
             WHERE order_id = orders.id AND sku = $2)"
        );
        assert_eq!(
            sql("total_min=-5&total_max=5&archived=false&has_hold=true"),
            " AND total >= $1 AND total <= $2 AND NOT archived AND hold_count > 0"
        );
        assert_eq!(
            sql("placed_to=2026-01-01"),
            " AND placed AND placed_at < $1",
            "what was never placed has no such time"
        );
    }

    #[test]
    fn the_canonical_form_does_not_depend_on_how_it_was_written() {
        let canonical = |text| filters(text).map(|f| f.canonical());
        assert_eq!(
            canonical("status=placed,draft&country=GB&created_from=2026-01-01&total_max=007"),
            canonical(
                "total_max=7&created_from=2026-01-01T01:00:00%2B01:00&country=GB&status=draft&status=placed"
            )
        );
        for (one, other) in [
            ("external_id=a,b", "external_id=a&external_id=b"),
            ("total_min=7", "total_max=7"),
            ("created_from=2026-01-01", "placed_from=2026-01-01"),
            ("archived=true", "archived=false"),
            ("tag=a", "sku=a"),
        ] {
            assert_ne!(canonical(one), canonical(other), "{one} {other}");
        }
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
            ("total_min=1.5", "total_min must be a whole number"),
            (
                "total_min=2&total_max=1",
                "total_max must not be below total_min",
            ),
            ("archived=1", "archived must be true or false"),
        ] {
            let error = filters(text).expect_err(text);
            assert!(error.contains(reason), "{error}");
        }
    }
}
