//! Days, and what they are in.

use time::{Date, Duration, Month, OffsetDateTime};

/// The first day of its month.
pub fn first(date: Date) -> Date {
    date - Duration::days(i64::from(date.day()) - 1)
}

/// The first day of its week.
pub fn monday(date: Date) -> Date {
    date - Duration::days(i64::from(date.weekday().number_days_from_monday()))
}

/// The day that a calendar in London shows.
pub fn london(at: OffsetDateTime) -> Date {
    let last_sunday = |month| {
        let last = Date::from_calendar_date(at.year(), month, 31).unwrap_or(Date::MIN);
        let back = last.weekday().number_days_from_sunday();
        (last - Duration::days(back.into())).midnight().assume_utc() + Duration::hours(1)
    };
    let summer = last_sunday(Month::March)..last_sunday(Month::October);
    let ahead = i64::from(summer.contains(&at));
    (at + Duration::hours(ahead)).date()
}
