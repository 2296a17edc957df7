//! How well a part of the pipeline does, and how that is written. Pure.

use super::told::Lag;
use crate::{layout::badge, locale::Locale};
use maud::Markup;

/// From so many seconds on somebody might ask.
const WARM: f64 = 5.0;
/// From so many on somebody is told (docs/RUNBOOK.md, `OrderlogViewsBehind`).
const BAD: f64 = 60.0;

/// How well it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should.
    Good,
    /// Slower than usual.
    Warm,
    /// Somebody has to look.
    Bad,
}

impl Health {
    /// Of something that is so many seconds late; nobody knows how many: bad.
    pub fn of_seconds(seconds: Option<f64>) -> Self {
        match seconds {
            Some(seconds) if seconds < WARM => Self::Good,
            Some(seconds) if seconds < BAD => Self::Warm,
            _ => Self::Bad,
        }
    }

    /// Its class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warm => "warm",
            Self::Bad => "bad",
        }
    }

    /// A word for it.
    pub fn badge(self) -> Markup {
        let word = match self {
            Self::Good => "up to date",
            Self::Warm => "behind",
            Self::Bad => "look here",
        };
        badge(word, self.class())
    }
}

/// `3 events, 0.2 s`; an estimate has a mark.
pub fn lag(lag: &Lag, locale: &Locale) -> String {
    let (Some(events), Some(seconds)) = (lag.events, lag.seconds) else {
        return "unknown".to_owned();
    };
    let about = if lag.estimated == Some(true) {
        "≈ "
    } else {
        ""
    };
    format!(
        "{about}{} {}, {}",
        locale.count(events),
        if events == 1 { "event" } else { "events" },
        duration(seconds)
    )
}

/// Seconds, with a digit behind the mark while they are few.
pub fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole minutes are meant")]
    let minutes = (seconds / 60.0) as i64;
    if minutes < 120 {
        return format!("{minutes} min");
    }
    format!("{} h {} min", minutes / 60, minutes % 60)
}

/// A rate, where one is known.
pub fn rate(per_second: Option<f64>) -> String {
    per_second.map_or_else(
        || "–".to_owned(),
        |rate| {
            if rate < 10.0 {
                format!("{rate:.1}/s")
            } else {
                format!("{rate:.0}/s")
            }
        },
    )
}

/// Bytes, in the greatest unit that they fill.
pub fn bytes(bytes: i64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let (mut rest, mut unit) = (bytes, 0);
    while rest >= 10_240 && unit + 1 < UNITS.len() {
        rest /= 1_024;
        unit += 1;
    }
    format!("{rest} {}", UNITS[unit])
}

/// `done` of `whole` in percent, from 0 to 100.
pub fn percent(done: i64, whole: Option<i64>) -> Option<u8> {
    let whole = whole.filter(|whole| *whole > 0)?;
    let percent = i128::from(done.clamp(0, whole)) * 100 / i128::from(whole);
    u8::try_from(percent).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_knows_is_no_good_sign() {
        assert_eq!(Health::of_seconds(None), Health::Bad);
        assert_eq!(Health::of_seconds(Some(0.0)), Health::Good);
        assert_eq!(Health::of_seconds(Some(5.0)), Health::Warm);
        assert_eq!(Health::of_seconds(Some(60.0)), Health::Bad);
        assert_eq!(Health::Good.max(Health::Bad), Health::Bad);
    }

    #[test]
    fn times_and_rates_have_the_digits_that_say_something() {
        assert_eq!(duration(0.04), "0.0 s");
        assert_eq!(duration(59.94), "59.9 s");
        assert_eq!(duration(61.0), "1 min");
        assert_eq!(duration(7_260.0), "2 h 1 min");
        assert_eq!(rate(None), "–");
        assert_eq!(rate(Some(0.26)), "0.3/s");
        assert_eq!(rate(Some(12_345.6)), "12346/s");
        assert_eq!(bytes(900), "900 B");
        assert_eq!(bytes(50 << 20), "50 MiB");
    }

    #[test]
    fn more_than_was_estimated_is_all_of_it() {
        assert_eq!(percent(1, Some(3)), Some(33));
        assert_eq!(percent(9, Some(3)), Some(100));
        assert_eq!(percent(9, Some(0)), None);
        assert_eq!(percent(9, None), None);
    }
}
