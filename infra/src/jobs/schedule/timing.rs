//! When a schedule is due.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds},
};
use std::time::Duration;
use time::OffsetDateTime;

/// When a schedule is due.
#[derive(Debug, Clone)]
pub enum Timing {
    /// By a cron expression, in the local time of a zone. With one minute and
    /// one hour it is once a day: what falls into the hour that spring skips
    /// comes at its end, what falls into the hour that autumn has twice comes
    /// once. With several of either it goes by the clock on the wall: nothing
    /// comes in the hour that spring skips, and all of it twice in the one that
    /// autumn has twice.
    Cron {
        /// As it is shown.
        expression: String,
        /// What it means.
        cron: Box<Cron>,
        /// Where.
        zone: Tz,
    },
    /// So long after the time that it was due before.
    Every(Duration),
}

/// A text is no cron expression, or no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTiming {
    /// No cron expression.
    #[error("{0:?} is no cron expression: {1}")]
    Cron(String, String),
    /// No time zone of the IANA database.
    #[error("{0:?} is no time zone")]
    Zone(String),
    /// It names no time, as 30 February is none.
    #[error("the schedule is never due: {0}")]
    Never(String),
}

impl Timing {
    /// Five fields (no seconds, no years), in the local time of this zone.
    pub fn cron(expression: &str, zone: &str) -> Result<Self, InvalidTiming> {
        let told = |error: croner::errors::CronError| {
            InvalidTiming::Cron(expression.to_owned(), error.to_string())
        };
        let parser = CronParser::builder().seconds(Seconds::Disallowed).build();
        Ok(Self::Cron {
            expression: expression.to_owned(),
            cron: Box::new(parser.parse(expression).map_err(told)?),
            zone: zone
                .parse()
                .map_err(|_| InvalidTiming::Zone(zone.to_owned()))?,
        })
    }

    /// The first due time after `now`, where it was due at `before`; none:
    /// never yet.
    pub fn next(
        &self,
        before: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<OffsetDateTime, InvalidTiming> {
        match self {
            Self::Cron { cron, zone, .. } => {
                let never = |why: String| InvalidTiming::Never(why);
                let now = DateTime::<Utc>::from_timestamp(now.unix_timestamp(), 0)
                    .ok_or_else(|| never("the clock is wrong".into()))?
                    .with_timezone(zone);
                let next = cron.find_next_occurrence(&now, false);
                let next = next.map_err(|error| never(error.to_string()))?;
                OffsetDateTime::from_unix_timestamp(next.timestamp())
                    .map_err(|error| never(error.to_string()))
            }
            Self::Every(span) => {
                let span = (*span).max(Duration::from_millis(1));
                let before = before.unwrap_or(now);
                let missed = Duration::try_from(now - before).unwrap_or_default();
                let steps = missed.as_nanos() / span.as_nanos() + 1;
                let steps = u32::try_from(steps).unwrap_or(u32::MAX);
                Ok(before + span.saturating_mul(steps))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn next(expression: &str, zone: &str, now: OffsetDateTime) -> OffsetDateTime {
        let timing = Timing::cron(expression, zone).expect("an expression");
        timing.next(None, now).expect("a time")
    }

    #[test]
    fn a_cron_expression_is_read_in_its_zone() {
        let now = datetime!(2026-07-01 12:00 UTC);
        let due = next("30 3 * * *", "Europe/Berlin", now);
        assert_eq!(due, datetime!(2026-07-02 01:30 UTC));
        assert_eq!(
            next("0 * * * *", "UTC", now),
            datetime!(2026-07-01 13:00 UTC)
        );
    }

    #[test]
    fn clock_changes_neither_lose_nor_double_a_run() {
        // Berlin goes from 02:00 to 03:00 on 29 March 2026, and back on 25 October.
        let spring = next(
            "30 2 * * *",
            "Europe/Berlin",
            datetime!(2026-03-29 00:00 UTC),
        );
        assert_eq!(spring, datetime!(2026-03-29 01:00 UTC));
        let autumn = next(
            "30 2 * * *",
            "Europe/Berlin",
            datetime!(2026-10-24 23:00 UTC),
        );
        let after = next("30 2 * * *", "Europe/Berlin", autumn);
        assert_eq!(autumn, datetime!(2026-10-25 00:30 UTC));
        assert_eq!(after, datetime!(2026-10-26 01:30 UTC));
    }

    #[test]
    fn several_times_a_day_go_by_the_clock_on_the_wall() {
        let after = |now| next("0,30 2 * * *", "Europe/Berlin", now);
        let spring = after(datetime!(2026-03-29 00:00 UTC));
        assert_eq!(spring, datetime!(2026-03-30 00:00 UTC));
        let mut due = vec![datetime!(2026-10-24 23:00 UTC)];
        for _ in 0..4 {
            due.push(after(due[due.len() - 1]));
        }
        let twice = [
            datetime!(2026-10-25 00:00 UTC),
            datetime!(2026-10-25 00:30 UTC),
            datetime!(2026-10-25 01:00 UTC),
            datetime!(2026-10-25 01:30 UTC),
        ];
        assert_eq!(due[1..], twice);
    }

    #[test]
    fn missed_intervals_are_passed_over_and_the_rhythm_is_kept() {
        let every = Timing::Every(Duration::from_mins(1));
        let before = datetime!(2026-01-01 00:00 UTC);
        let now = datetime!(2026-01-01 00:10:30 UTC);
        let due = every.next(Some(before), now).expect("a time");
        assert_eq!(due, datetime!(2026-01-01 00:11 UTC));
        let on_time = every.next(Some(before), before).expect("a time");
        assert_eq!(on_time, datetime!(2026-01-01 00:01 UTC));
    }

    #[test]
    fn nonsense_is_named() {
        let wrong = Timing::cron("every day", "UTC").expect_err("no expression");
        assert!(wrong.to_string().contains("every day"));
        for more in ["0 0 3 * * *", "0 0 3 * * * 2027"] {
            Timing::cron(more, "UTC").expect_err("more than five fields");
        }
        let nowhere = Timing::cron("0 0 * * *", "Mars/Olympus").expect_err("no zone");
        assert_eq!(nowhere, InvalidTiming::Zone("Mars/Olympus".into()));
    }
}
