//! The range that a range is compared with.

use super::period::Bound;
use infra::http::{Problem, Query, query::invalid};
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};
use utoipa::ToSchema;

/// What figures are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Compare {
    /// What comes right before, and is as long: as many months where both ends
    /// are first days of months, else as many days, or hours.
    PreviousPeriod,
    /// The same a year before.
    PreviousYear,
}

impl Compare {
    /// The parameter `compare`.
    pub fn of(query: &Query) -> Result<Option<Self>, Problem> {
        match query.one("compare")? {
            None => Ok(None),
            Some("previous_period") => Ok(Some(Self::PreviousPeriod)),
            Some("previous_year") => Ok(Some(Self::PreviousYear)),
            Some(_) => Err(invalid(
                "compare",
                "must be one of previous_period, previous_year",
            )),
        }
    }

    /// The range before `[from, to)`; none where there is no such time, or the
    /// ends are of different kinds.
    pub fn range(self, from: Bound, to: Bound) -> Option<(Bound, Bound)> {
        match (self, from, to) {
            (Self::PreviousYear, from, to) => Some((a_year_before(from)?, a_year_before(to)?)),
            (Self::PreviousPeriod, Bound::Day(from), Bound::Day(to)) => {
                Some((Bound::Day(days_before(from, to)?), Bound::Day(from)))
            }
            (Self::PreviousPeriod, Bound::Moment(from), Bound::Moment(to)) => {
                let midnights = [from, to].map(|moment| moment.time() == Time::MIDNIGHT);
                let begin = if midnights == [true; 2] {
                    days_before(from.date(), to.date())?.midnight().assume_utc()
                } else {
                    from.checked_sub(to - from)?
                };
                Some((Bound::Moment(begin), Bound::Moment(from)))
            }
            (Self::PreviousPeriod, _, _) => None,
        }
    }
}

/// Where the days begin that lead to `from` and are as many as from there to
/// `to`; as many months, where both are first days of months.
fn days_before(from: Date, to: Date) -> Option<Date> {
    if from.day() != 1 || to.day() != 1 {
        return from.checked_sub(to - from);
    }
    let begin = 2 * months(from) - months(to);
    let month = Month::try_from(u8::try_from(begin.rem_euclid(12)).ok()? + 1).ok()?;
    Date::from_calendar_date(begin.div_euclid(12), month, 1).ok()
}

/// Months since the year 0.
fn months(date: Date) -> i32 {
    date.year() * 12 + i32::from(u8::from(date.month())) - 1
}

fn a_year_before(bound: Bound) -> Option<Bound> {
    match bound {
        Bound::Day(day) => Some(Bound::Day(same_day_a_year_before(day)?)),
        Bound::Moment(moment) => {
            let date = same_day_a_year_before(moment.date())?;
            Some(Bound::Moment(moment.replace_date(date)))
        }
    }
}

/// 29 February becomes 1 March: it is the end of a range, or its first day.
fn same_day_a_year_before(day: Date) -> Option<Date> {
    let year = day.year() - 1;
    let same = day.replace_year(year);
    same.or_else(|_| Date::from_calendar_date(year, Month::March, 1))
        .ok()
}

/// A bound as it is told: a day, or a moment.
pub fn told(bound: Bound) -> String {
    match bound {
        Bound::Day(day) => day.to_string(),
        Bound::Moment(moment) => moment_of(moment),
    }
}

fn moment_of(moment: OffsetDateTime) -> String {
    let moment = moment.to_offset(UtcOffset::UTC);
    let (date, hour) = (moment.date(), moment.hour());
    format!("{date}T{hour:02}:00:00Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn a_range_is_compared_with_one_as_long_right_before_it() {
        use Compare::{PreviousPeriod, PreviousYear};
        for (compare, (from, to), (begin, end)) in [
            (
                PreviousPeriod,
                (date!(2026 - 03 - 01), date!(2026 - 04 - 01)),
                (date!(2026 - 02 - 01), date!(2026 - 03 - 01)),
            ),
            (
                PreviousPeriod,
                (date!(2026 - 01 - 01), date!(2026 - 04 - 01)),
                (date!(2025 - 10 - 01), date!(2026 - 01 - 01)),
            ),
            (
                PreviousPeriod,
                (date!(2026 - 01 - 05), date!(2026 - 01 - 12)),
                (date!(2025 - 12 - 29), date!(2026 - 01 - 05)),
            ),
            (
                PreviousPeriod,
                (date!(2026 - 01 - 01), date!(2026 - 01 - 01)),
                (date!(2026 - 01 - 01), date!(2026 - 01 - 01)),
            ),
            (
                PreviousYear,
                (date!(2024 - 02 - 28), date!(2024 - 02 - 29)),
                (date!(2023 - 02 - 28), date!(2023 - 03 - 01)),
            ),
        ] {
            let before = compare.range(Bound::Day(from), Bound::Day(to));
            let expected = Some((Bound::Day(begin), Bound::Day(end)));
            assert_eq!(before, expected, "{from} {to}");
            let at = |day: Date| Bound::Moment(day.midnight().assume_utc());
            let before = compare.range(at(from), at(to));
            assert_eq!(before, Some((at(begin), at(end))), "{from} {to}");
        }
    }

    #[test]
    fn hours_are_compared_with_as_many_hours() {
        let (from, to) = (
            Bound::Moment(datetime!(2026-01-01 06:00 UTC)),
            Bound::Moment(datetime!(2026-01-01 09:00 UTC)),
        );
        let before = Compare::PreviousPeriod.range(from, to);
        let begin = Bound::Moment(datetime!(2026-01-01 03:00 UTC));
        assert_eq!(before, Some((begin, from)));
        assert_eq!(told(begin), "2026-01-01T03:00:00Z");
        let mixed = Compare::PreviousPeriod.range(Bound::Day(date!(2026 - 01 - 01)), to);
        assert_eq!(mixed, None);
    }

    #[test]
    fn before_the_beginning_of_time_there_is_nothing() {
        let first = Bound::Day(Date::MIN);
        assert_eq!(Compare::PreviousYear.range(first, first), None);
    }
}
