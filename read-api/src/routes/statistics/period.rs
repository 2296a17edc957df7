//! Ranges of time, and what they are divided into.

use infra::http::{Problem, Query, query::invalid};
use sqlx::{Postgres, QueryBuilder};
use time::{Date, Duration, OffsetDateTime, Time};
use utoipa::ToSchema;

/// Longest name of a time zone.
const LONGEST_ZONE: usize = 64;

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Interval {
    /// One hour of UTC.
    Hour,
    /// One day.
    Day,
    /// From Monday on (ISO 8601).
    Week,
    /// A calendar month.
    Month,
}

impl Interval {
    const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The parameter `interval`, one of those that are allowed.
    pub fn of(query: &Query, with_hours: bool) -> Result<Option<Self>, Problem> {
        let allowed = &Self::ALL[usize::from(!with_hours)..];
        query.one_of("interval", allowed, Self::name)
    }

    /// The value of the parameter, and the field for `date_trunc`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// Days in UTC or in a time zone: `[from, to)`.
#[derive(Debug, Clone)]
pub struct Days {
    from: Option<Date>,
    to: Option<Date>,
    zone: Option<String>,
}

impl Days {
    /// The parameters `from`, `to` and `time_zone`.
    ///
    /// # Errors
    /// 400 for a time within a day, or a range that ends before it begins.
    pub fn of(query: &Query) -> Result<Self, Problem> {
        let zone = zone(query)?;
        let day = |name| match query.time(name)? {
            // The first moment of a day in UTC is none in a zone.
            Some(time)
                if time.time() != Time::MIDNIGHT || (zone.is_some() && !is_date(query, name)?) =>
            {
                Err(invalid(name, "must be a date such as 2026-01-31"))
            }
            time => Ok(time.map(OffsetDateTime::date)),
        };
        let (from, to) = (day("from")?, day("to")?);
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(invalid("to", "must not be before from"));
        }
        Ok(Self { from, to, zone })
    }

    /// The time zone that is asked for by its name.
    pub fn named_zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// Adds ` AND …` for orders that may lie in the days ([`Hours::push_about`]).
    pub fn push_about(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        let hours = Hours {
            from: self.from.map(Bound::Day),
            to: self.to.map(Bound::Day),
            zone: self.zone.clone(),
        };
        hours.push_about(sql);
    }

    /// Adds ` AND …` for a column with a date.
    pub fn push(&self, sql: &mut QueryBuilder<'_, Postgres>, column: &str) {
        for (comparison, day) in [(" >= ", self.from), (" < ", self.to)] {
            if let Some(day) = day {
                sql.push(" AND ").push(column).push(comparison);
                sql.push_bind(day);
            }
        }
    }
}

/// Hours, in UTC or by the days of a time zone: `[from, to)`.
#[derive(Debug, Clone)]
pub struct Hours {
    from: Option<Bound>,
    to: Option<Bound>,
    zone: Option<String>,
}

/// The zone where none is asked for.
pub const UTC: &str = "UTC";
/// How far from UTC a zone may be.
const FARTHEST: Duration = Duration::hours(14);

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// The first moment of a day in the time zone.
    Day(Date),
    /// This one.
    Moment(OffsetDateTime),
}

impl Hours {
    /// The parameters `from`, `to` and `time_zone`.
    ///
    /// # Errors
    /// 400 for a time within an hour, or a range that ends before it begins.
    pub fn of(query: &Query) -> Result<Self, Problem> {
        let zone = zone(query)?;
        let read = |name| bound(query, name, zone.is_some());
        let (from, to) = (read("from")?, read("to")?);
        let reversed = match (from, to) {
            (Some(Bound::Day(from)), Some(Bound::Day(to))) => from > to,
            (Some(Bound::Moment(from)), Some(Bound::Moment(to))) => from > to,
            // In whichever zone the day is.
            (Some(Bound::Day(from)), Some(Bound::Moment(to))) => {
                from.midnight().assume_utc() - FARTHEST > to
            }
            (Some(Bound::Moment(from)), Some(Bound::Day(to))) => {
                from > to.midnight().assume_utc() + FARTHEST
            }
            _ => false,
        };
        if reversed {
            return Err(invalid("to", "must not be before from"));
        }
        Ok(Self { from, to, zone })
    }

    /// Adds ` AND …` for the column `hour`.
    pub fn push(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        self.push_bounds(sql, "hour", [" >= ", " < "]);
    }

    /// Adds ` AND …` for orders that may lie in the hours, by when they were
    /// placed, which an index knows. A day may end within an hour, which is its
    /// own then.
    pub fn push_about(&self, sql: &mut QueryBuilder<'_, Postgres>) {
        self.push_bounds(sql, "placed_at", [" >= ", " < interval '1 hour' + "]);
    }

    fn push_bounds(
        &self,
        sql: &mut QueryBuilder<'_, Postgres>,
        column: &str,
        comparisons: [&str; 2],
    ) {
        for (comparison, bound) in comparisons.into_iter().zip([self.from, self.to]) {
            match bound {
                None => {}
                Some(Bound::Moment(moment)) => {
                    sql.push(" AND ").push(column).push(comparison);
                    sql.push_bind(moment);
                }
                Some(Bound::Day(day)) => {
                    sql.push(" AND ").push(column).push(comparison).push("(");
                    sql.push_bind(day).push("::timestamp AT TIME ZONE ");
                    sql.push_bind(self.zone().to_owned()).push(")");
                }
            }
        }
    }

    /// Adds an expression for the period that `hour` lies in: a date, or the
    /// hour's first moment.
    pub fn push_period(&self, sql: &mut QueryBuilder<'_, Postgres>, interval: Interval) {
        if interval == Interval::Hour {
            sql.push("to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')");
        } else {
            let field = interval.name();
            sql.push(format!("date_trunc('{field}', hour AT TIME ZONE "));
            sql.push_bind(self.zone().to_owned()).push(")::date::text");
        }
    }

    /// Both ends, where both were said.
    pub fn bounds(&self) -> Option<(Bound, Bound)> {
        self.from.zip(self.to)
    }

    /// Other hours of the same time zone.
    #[must_use]
    pub fn between(&self, (from, to): (Bound, Bound)) -> Self {
        Self {
            from: Some(from),
            to: Some(to),
            zone: self.zone.clone(),
        }
    }

    /// Makes the statement for every period that hours of the range lie in, in
    /// order: from the `first` one to the `last` one where the range has no
    /// such end.
    pub fn periods(
        &self,
        interval: Interval,
        (first, last): (&str, &str),
        limit: usize,
    ) -> QueryBuilder<'static, Postgres> {
        let (field, hourly) = (interval.name(), interval == Interval::Hour);
        let mut sql = QueryBuilder::new("SELECT ");
        sql.push(if hourly {
            "to_char(p AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        } else {
            "p::date::text"
        });
        // Not in FROM, where all of them would be made before the first is taken.
        sql.push(format!(
            " FROM (SELECT generate_series(date_trunc('{field}', "
        ));
        self.push_end(&mut sql, self.from, (first, hourly));
        if hourly && self.from.is_some() {
            // A day may begin within an hour, which is none of its own then.
            sql.push(" + interval '59 minutes 59.999999 seconds'");
        }
        sql.push("), ");
        self.push_end(&mut sql, self.to, (last, hourly));
        if self.to.is_some() {
            sql.push(" - interval '1 microsecond'");
        }
        sql.push(format!(
            ", interval '1 {field}') AS p LIMIT {limit}) periods"
        ));
        sql
    }

    /// An end as a moment, or as the time that clocks of the zone show.
    fn push_end(
        &self,
        sql: &mut QueryBuilder<'static, Postgres>,
        end: Option<Bound>,
        (period, as_moment): (&str, bool),
    ) {
        match end {
            None => {
                let kind = if as_moment {
                    "timestamptz"
                } else {
                    "timestamp"
                };
                sql.push_bind(period.to_owned())
                    .push(format!("::text::{kind}"));
            }
            Some(Bound::Day(day)) if as_moment => {
                sql.push("(")
                    .push_bind(day)
                    .push("::timestamp AT TIME ZONE ");
                sql.push_bind(self.zone().to_owned()).push(")");
            }
            Some(Bound::Day(day)) => {
                sql.push_bind(day).push("::timestamp");
            }
            Some(Bound::Moment(moment)) if as_moment => {
                sql.push_bind(moment);
            }
            Some(Bound::Moment(moment)) => {
                sql.push("(").push_bind(moment).push(" AT TIME ZONE ");
                sql.push_bind(self.zone().to_owned()).push(")");
            }
        }
    }

    /// The time zone that is asked for by its name.
    pub fn named_zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// The time zone whose days are meant.
    pub fn zone(&self) -> &str {
        self.zone.as_deref().unwrap_or(UTC)
    }
}

fn is_date(query: &Query, name: &str) -> Result<bool, Problem> {
    let text = query.one(name)?;
    Ok(text.is_some_and(|text| text.len() == "2026-01-31".len()))
}

/// Without a zone a day is its first moment in UTC.
fn bound(query: &Query, name: &str, by_day: bool) -> Result<Option<Bound>, Problem> {
    let Some(time) = query.time(name)? else {
        return Ok(None);
    };
    let (_, minute, second, nanosecond) = time.to_hms_nano();
    if (minute, second, nanosecond) != (0, 0, 0) {
        let detail = "must be a date such as 2026-01-31, or a full hour in UTC";
        return Err(invalid(name, detail));
    }
    Ok(Some(if by_day && is_date(query, name)? {
        Bound::Day(time.date())
    } else {
        Bound::Moment(time)
    }))
}

/// Whether there is such a zone, the database says.
fn zone(query: &Query) -> Result<Option<String>, Problem> {
    let Some(name) = query.one("time_zone")? else {
        return Ok(None);
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    if name.len() > LONGEST_ZONE || !name.chars().all(plain) {
        return Err(invalid(
            "time_zone",
            "must be an IANA name such as Europe/London",
        ));
    }
    Ok(Some(name.to_owned()))
}
