//! Days and hours of the viewer's time zone.

use chrono::{DateTime, Datelike as _, Timelike as _};
use chrono_tz::Tz;
use time::{Date, Month, OffsetDateTime, format_description::well_known::Rfc3339};

/// Zones that are offered; any other can be typed.
pub const OFFERED: &[&str] = &[
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Kyiv",
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
];

/// A time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

impl Zone {
    /// The zone with this IANA name; UTC for anything else.
    pub fn named(name: &str) -> Self {
        Self(name.trim().parse().unwrap_or(Tz::UTC))
    }

    /// Its IANA name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The day that it is there.
    pub fn day(self, now: OffsetDateTime) -> Date {
        self.there(now)
            .and_then(|there| {
                let month = Month::try_from(u8::try_from(there.month()).ok()?).ok()?;
                let day = u8::try_from(there.day()).ok()?;
                Date::from_calendar_date(there.year(), month, day).ok()
            })
            .unwrap_or(now.date())
    }

    /// A period as the API tells it, in a few letters: a day, or the hour that it is
    /// here when that of UTC begins.
    pub fn period(self, told: &str) -> String {
        let moment = OffsetDateTime::parse(told, &Rfc3339).ok();
        let there = moment.and_then(|moment| self.there(moment));
        there.map_or_else(
            || told.to_owned(),
            |there| {
                let (month, day) = (there.month(), there.day());
                let (hour, minute) = (there.hour(), there.minute());
                format!("{month:02}-{day:02} {hour:02}:{minute:02}")
            },
        )
    }

    fn there(self, moment: OffsetDateTime) -> Option<DateTime<Tz>> {
        let utc = DateTime::from_timestamp(moment.unix_timestamp(), 0)?;
        Some(utc.with_timezone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn a_day_is_that_of_the_zone() {
        let late = datetime!(2026-02-10 22:30 UTC);
        for (zone, day) in [
            ("UTC", date!(2026 - 02 - 10)),
            ("Asia/Tokyo", date!(2026 - 02 - 11)),
            ("America/Los_Angeles", date!(2026 - 02 - 10)),
            ("Nowhere/Land", date!(2026 - 02 - 10)),
        ] {
            assert_eq!(Zone::named(zone).day(late), day, "{zone}");
        }
        assert_eq!(Zone::named("<script>").name(), "UTC");
    }

    #[test]
    fn hours_are_those_of_the_zone_and_days_stay_as_they_are() {
        let india = Zone::named("Asia/Kolkata");
        assert_eq!(india.period("2026-02-10T22:00:00Z"), "02-11 03:30");
        assert_eq!(india.period("2026-02-10"), "2026-02-10");
    }

    #[test]
    fn every_zone_that_is_offered_is_one() {
        for name in OFFERED {
            assert_eq!(Zone::named(name).name(), *name);
        }
    }
}
