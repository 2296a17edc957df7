//! When: a version, or a time.

use infra::http::{Problem, Query, query::invalid};
use time::OffsetDateTime;

const VERSION: &str = "version";
const AS_OF: &str = "as_of";
/// What is about the projections, which know nothing of the past.
const PRESENT: [&str; 3] = ["min_version", "min_position", "expand"];

/// Up to where an order is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Up to this version, from 1.
    Version(i64),
    /// Up to the last event that was recorded by then.
    Time(OffsetDateTime),
}

impl Moment {
    /// The moment that is asked for; none: now.
    ///
    /// # Errors
    /// 400 for a version below 1, for both, for what asks how fresh the answer
    /// has to be, since it comes from the log itself, and for what is expanded
    /// from today's rows.
    pub fn of(query: &Query) -> Result<Option<Self>, Problem> {
        let moment = match (version(query, VERSION)?, query.time(AS_OF)?) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(invalid(AS_OF, format!("cannot be combined with {VERSION}")));
            }
            (Some(version), None) => Self::Version(version),
            (None, Some(time)) => Self::Time(time),
        };
        for name in PRESENT {
            if query.one(name)?.is_some() {
                let both = format!("cannot be combined with {VERSION} or {AS_OF}");
                return Err(invalid(name, both));
            }
        }
        Ok(Some(moment))
    }
}

/// A parameter that is a version of an order.
pub fn version(query: &Query, name: &str) -> Result<Option<i64>, Problem> {
    let expected = "a version from 1";
    let version = query.parsed::<i64>(name, expected)?;
    if version.is_some_and(|version| version < 1) {
        return Err(invalid(name, format!("must be {expected}")));
    }
    Ok(version)
}
