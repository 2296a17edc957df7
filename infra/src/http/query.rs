//! Query strings, read strictly: a parameter that a route does not know is an
//! error that names it, never ignored.

use super::{Principal, access::platform_not_allowed, problem::Problem};
use actix_web::{HttpMessage as _, HttpRequest, web};
use std::str::FromStr;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// Parameter of every route that can be asked for what is of some platforms.
const PLATFORM: &str = "platform";

/// The parameters of a request, decoded, in the order they were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pairs: Vec<(String, String)>,
    /// Whether the platform is that of the caller's key, whatever they have asked for.
    own_platform: bool,
}

impl Query {
    /// Reads the query string.
    ///
    /// # Errors
    /// 400 `unknown_parameter` for a name that is not in `allowed`.
    pub fn of(request: &HttpRequest, allowed: &[&str]) -> Result<Self, Problem> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map_err(|_| invalid_query())?
            .into_inner();
        let mut query = Self::of_pairs(pairs, allowed)?;
        if allowed.contains(&PLATFORM) {
            query.keep_to_own_platform(request)?;
        }
        Ok(query)
    }

    /// The same of parameters that came another way.
    ///
    /// # Errors
    /// 400 `unknown_parameter` for a name that is not in `allowed`.
    pub fn of_pairs(pairs: Vec<(String, String)>, allowed: &[&str]) -> Result<Self, Problem> {
        let unknown = pairs.iter().filter(|(n, _)| !allowed.contains(&n.as_str()));
        let problem = unknown.fold(None, |problem: Option<Problem>, (name, _)| {
            let problem = problem.unwrap_or_else(|| unknown_parameter(allowed));
            Some(problem.parameter(name, "is not a parameter of this route"))
        });
        match problem {
            Some(problem) => Err(problem),
            None => Ok(Self {
                pairs,
                own_platform: false,
            }),
        }
    }

    /// As if whoever has to do with one platform only had asked for it: this is the
    /// one place where lists, exports and statistics are kept to it.
    fn keep_to_own_platform(&mut self, request: &HttpRequest) -> Result<(), Problem> {
        let extensions = request.extensions();
        let principal = extensions.get::<Principal>();
        let Some(platform) = principal.and_then(|principal| principal.platform.clone()) else {
            return Ok(());
        };
        let asked = self.pairs.iter().filter(|(name, _)| name == PLATFORM);
        if asked
            .flat_map(|(_, value)| value.split(','))
            .any(|other| *other != *platform)
        {
            return Err(platform_not_allowed(&platform));
        }
        self.pairs.retain(|(name, _)| name != PLATFORM);
        self.own_platform = true;
        self.pairs.push((PLATFORM.to_owned(), platform.to_string()));
        Ok(())
    }

    /// Whether it is kept to one platform that nobody may leave out.
    pub const fn is_of_own_platform(&self) -> bool {
        self.own_platform
    }

    /// Every pair.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// A parameter that may be there once.
    ///
    /// # Errors
    /// 400 where it is there twice or empty.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.pairs.iter().filter(|(n, _)| n == name);
        let value = values.next().map(|(_, value)| value.as_str());
        match (value, values.next()) {
            (_, Some(_)) => Err(invalid(name, "may be given only once")),
            (Some(""), None) => Err(invalid(name, "may not be empty")),
            (value, None) => Ok(value),
        }
    }

    /// A parameter of type `T`; `expected` says in words what that is.
    pub fn parsed<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        let wrong = || invalid(name, format!("must be {expected}"));
        text.parse().map(Some).map_err(|_| wrong())
    }

    /// A parameter that is one of `all`, by its name.
    pub fn one_of<T: Copy>(
        &self,
        parameter: &str,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.one(parameter)? else {
            return Ok(None);
        };
        let found = all.iter().find(|one| name(**one) == text);
        found.map(|one| Some(*one)).ok_or_else(|| {
            let names: Vec<_> = all.iter().map(|one| name(*one)).collect();
            invalid(parameter, format!("must be one of {}", names.join(", ")))
        })
    }

    /// A text to be looked for in the database, which has none with a zero
    /// character.
    pub fn text(&self, name: &str) -> Result<Option<String>, Problem> {
        let text = self.one(name)?;
        if text.is_some_and(|text| text.contains('\0')) {
            return Err(invalid(name, "may not contain control characters"));
        }
        Ok(text.map(str::to_owned))
    }

    /// A time: RFC 3339, or a date alone, which is its first moment in UTC.
    pub fn time(&self, name: &str) -> Result<Option<OffsetDateTime>, Problem> {
        const EXPECTED: &str =
            "must be an RFC 3339 time such as 2026-01-31T00:00:00Z, or a date such as 2026-01-31";
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        let time = if text.len() == "2026-01-31".len() {
            OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339)
        } else {
            // An unencoded `+` of the offset arrives as a space.
            OffsetDateTime::parse(&text.replace(' ', "+"), &Rfc3339)
        };
        // Near the last year of the calendar an offset leads out of it.
        let time = time.ok().and_then(|t| t.checked_to_offset(UtcOffset::UTC));
        time.map(Some).ok_or_else(|| invalid(name, EXPECTED))
    }

    /// A parameter that may be repeated; sorted, each value once. Empty where
    /// it is absent.
    ///
    /// # Errors
    /// 400 for an empty value.
    pub fn repeated(&self, name: &str) -> Result<Vec<&str>, Problem> {
        let given = self.pairs.iter().filter(|(n, _)| n == name);
        distinct(name, given.map(|(_, value)| value.as_str()))
    }

    /// A parameter that may be repeated, and whose values may be joined by
    /// commas; sorted, each value once. Empty where it is absent.
    ///
    /// # Errors
    /// 400 for an empty value.
    pub fn many(&self, name: &str) -> Result<Vec<&str>, Problem> {
        let given = self.pairs.iter().filter(|(n, _)| n == name);
        distinct(name, given.flat_map(|(_, value)| value.split(',')))
    }
}

fn distinct<'a>(
    name: &str,
    values: impl Iterator<Item = &'a str>,
) -> Result<Vec<&'a str>, Problem> {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable();
    values.dedup();
    if values.contains(&"") {
        return Err(invalid(name, "may not be empty"));
    }
    Ok(values)
}

/// 400 for the value of a parameter.
pub fn invalid(name: &str, detail: impl Into<String>) -> Problem {
    let detail = detail.into();
    Problem::bad_request("invalid_parameter", "A query parameter is not valid")
        .detail(format!("{name} {detail}"))
        .parameter(name, detail)
}

fn unknown_parameter(allowed: &[&str]) -> Problem {
    let problem = Problem::bad_request("unknown_parameter", "A query parameter is not known");
    let allowed: Vec<serde_json::Value> = allowed.iter().map(|name| (*name).into()).collect();
    problem.with("allowed", allowed.into())
}

fn invalid_query() -> Problem {
    Problem::bad_request("invalid_query", "The query string cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use time::macros::datetime;

    fn query(text: &str) -> Result<Query, Problem> {
        let request = TestRequest::with_uri(&format!("/?{text}")).to_http_request();
        Query::of(&request, &["status", "limit", "from"])
    }

    #[test]
    fn unknown_parameters_are_named_with_what_is_allowed() {
        let problem = query("status=placed&sort=x&colour=red").expect_err("unknown");
        let document = problem.document(None, None);
        let named: Vec<_> = document.errors.into_iter().map(|e| e.parameter).collect();
        assert_eq!(named, [Some("sort".into()), Some("colour".into())]);
        assert_eq!(
            document.extensions["allowed"],
            serde_json::json!(["status", "limit", "from"])
        );
    }

    #[test]
    fn values_are_decoded_and_lists_are_joined() {
        let query = query("status=placed%2Cdraft&limit=5&status=placed").expect("known");
        assert_eq!(query.many("status").ok(), Some(vec!["draft", "placed"]));
        assert_eq!(query.parsed("limit", "a number").ok(), Some(Some(5)));
        assert!(query.one("status").is_err());
    }

    #[test]
    fn times_are_rfc_3339_or_dates() {
        let time = |text: &str| query(text).and_then(|q| q.time("from")).ok().flatten();
        let noon = datetime!(2026-01-31 12:00 UTC);
        assert_eq!(
            time("from=2026-01-31"),
            Some(datetime!(2026-01-31 0:00 UTC))
        );
        assert_eq!(time("from=2026-01-31T13:00:00+01:00"), Some(noon));
        assert_eq!(time("from=2026-01-31T12:00:00Z"), Some(noon));
        assert_eq!(time("from=yesterday"), None);
        assert_eq!(time("from="), None);
        // In UTC this is in a year that the calendar does not have.
        assert_eq!(time("from=9999-12-31T23:59:59-01:00"), None);
    }
}
