//! What statistics are asked for.

use crate::{
    consistency::Consistency,
    filters::{Allowed, COUNTRY, CURRENCY, Filters, KIND, PLATFORM},
    reply::TagHash,
};
use actix_web::HttpRequest;
use contracts::order::Kind;
use infra::http::{Problem, Query, query::invalid};
use time::{Date, Time};
use utoipa::{IntoParams, ToSchema};

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &[
    "from",
    "to",
    "interval",
    "group_by",
    "platform",
    "currency",
    "country",
    "kind",
    "min_position",
];

const ALLOWED: Allowed = Allowed {
    choices: &[PLATFORM, CURRENCY, COUNTRY, KIND],
    ..Allowed::NOTHING
};

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Interval {
    /// One day, in UTC.
    Day,
    /// From Monday on (ISO 8601).
    Week,
    /// A calendar month.
    Month,
}

/// What the rows are grouped by, beside the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Groups {
    /// Sales channel.
    pub platform: bool,
    /// Country.
    pub country: bool,
    /// Kind of document.
    pub kind: bool,
}

/// Statistics, as asked for.
#[derive(Debug, Clone)]
pub struct StatisticsRequest {
    /// First day.
    pub from: Option<Date>,
    /// Day after the last one.
    pub to: Option<Date>,
    /// None: one row per group for the whole range.
    pub interval: Option<Interval>,
    /// One row for each combination of them.
    pub groups: Groups,
    /// Which orders.
    pub filters: Filters,
    /// How fresh.
    pub consistency: Consistency,
}

impl Interval {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The value of the parameter, and the field for `date_trunc`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl StatisticsRequest {
    /// Reads the parameters of a request.
    pub fn of(request: &HttpRequest, query: &Query) -> Result<Self, Problem> {
        let (from, to) = (day(query, "from")?, day(query, "to")?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(invalid("to", "must not be before from"));
        }
        Ok(Self {
            from,
            to,
            interval: interval(query)?,
            groups: groups(query)?,
            filters: Filters::of(query, &ALLOWED)?,
            consistency: Consistency::of(request, query)?,
        })
    }

    /// What its answer is cached under: the same for the same question.
    pub fn key(&self) -> String {
        let (filters, groups) = (self.filters.canonical(), self.groups);
        let range = (self.from, self.to, self.interval);
        TagHash::of(&format!("{range:?} {groups:?}\n{filters}")).finish()
    }
}

/// The sums are by day, so that a range cannot begin within one.
fn day(query: &Query, name: &str) -> Result<Option<Date>, Problem> {
    let time = query.time(name)?;
    match time {
        Some(time) if time.time() != Time::MIDNIGHT => Err(invalid(
            name,
            "must be a date such as 2026-01-31: statistics are by day, in UTC",
        )),
        time => Ok(time.map(time::OffsetDateTime::date)),
    }
}

fn interval(query: &Query) -> Result<Option<Interval>, Problem> {
    let Some(text) = query.one("interval")? else {
        return Ok(None);
    };
    let found = Interval::ALL
        .into_iter()
        .find(|interval| interval.name() == text);
    let names = Interval::ALL.map(Interval::name).join(", ");
    found
        .map(Some)
        .ok_or_else(|| invalid("interval", format!("must be one of {names}")))
}

fn groups(query: &Query) -> Result<Groups, Problem> {
    let mut groups = Groups::default();
    for name in query.many("group_by")? {
        match name {
            "platform" => groups.platform = true,
            "country" => groups.country = true,
            "kind" => groups.kind = true,
            // It always is one.
            "currency" => {}
            _ => {
                let detail = "must be one or more of platform, currency, country, kind";
                return Err(invalid("group_by", detail));
            }
        }
    }
    Ok(groups)
}

/// The parameters, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct StatisticsParameters {
    /// First day; the beginning if absent
    #[param(example = "2026-01-01", format = Date)]
    from: Option<String>,
    /// Day after the last one; the end if absent
    #[param(example = "2026-02-01", format = Date)]
    to: Option<String>,
    /// Length of a period; one row per group for the whole range if absent
    #[param(inline)]
    interval: Option<Interval>,
    /// One or more of `platform`, `currency`, `country`, `kind`, separated by commas
    #[param(example = "platform,country")]
    group_by: Option<String>,
    /// Slug of the sales channel
    #[param(example = "web")]
    platform: Option<String>,
    /// ISO 4217
    #[param(example = "GBP")]
    currency: Option<String>,
    /// ISO 3166-1 alpha-2; `ZZ` where it is not known
    #[param(example = "GB")]
    country: Option<String>,
    /// Sale, credit or adjustment
    #[param(inline)]
    kind: Option<Kind>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn asked(text: &str) -> Result<StatisticsRequest, String> {
        let request = TestRequest::with_uri(&format!("/?{text}")).to_http_request();
        let query = Query::of(&request, PARAMETERS).map_err(|p| p.to_string())?;
        StatisticsRequest::of(&request, &query).map_err(|p| p.to_string())
    }

    #[test]
    fn the_same_question_has_the_same_key() {
        let key = |text| asked(text).map(|asked| asked.key());
        assert_eq!(
            key("from=2026-01-01&group_by=kind,platform&kind=credit,order"),
            key(
                "kind=order&group_by=platform&group_by=kind,currency&kind=credit&from=2026-01-01T00:00:00Z"
            )
        );
        assert_ne!(key("from=2026-01-01"), key("to=2026-01-01"));
        assert_ne!(key("group_by=kind"), key("group_by=platform"));
    }

    #[test]
    fn what_the_sums_cannot_answer_is_refused() {
        for (text, reason) in [
            ("interval=hour", "interval must be one of day, week, month"),
            ("from=2026-01-01T12:00:00Z", "from must be a date"),
            (
                "from=2026-02-01&to=2026-01-01",
                "to must not be before from",
            ),
            ("group_by=colour", "group_by must be one or more of"),
        ] {
            let error = asked(text).expect_err(text);
            assert!(error.contains(reason), "{error}");
        }
    }
}
