//! When orders are placed: more from year to year, more before Christmas, more on
//! Mondays, hardly any at night.

use super::draw::Draw;
use time::{Date, Duration, Month, OffsetDateTime, Time, Weekday};

/// How a year of 100 becomes one of 130.
const YEARLY_GROWTH: f64 = 1.3;
/// January to December, against an average month.
const MONTHS: [f64; 12] = [
    0.85, 0.8, 0.9, 0.95, 1.0, 0.95, 0.85, 0.85, 0.95, 1.05, 1.5, 1.7,
];
/// Monday to Sunday, against an average day.
const WEEKDAYS: [f64; 7] = [1.2, 1.05, 1.0, 1.0, 0.9, 0.8, 1.1];
/// Hours of the day where a platform is at home.
const HOURS: [u32; 24] = [
    3, 2, 1, 1, 1, 2, 5, 12, 20, 26, 30, 32, 34, 30, 27, 26, 28, 33, 40, 48, 52, 44, 25, 10,
];

/// The days of a shop, each with the share of all orders that came until its
/// end.
pub struct Calendar {
    first: Date,
    until: OffsetDateTime,
    shares: Vec<f64>,
}

impl Calendar {
    /// The `days` before `until`.
    pub fn new(until: Date, days: u32) -> Self {
        let first = until.saturating_sub(Duration::days(days.max(1).into()));
        let mut sum = 0.0;
        let shares = (0..days.max(1)).map(|day| {
            sum += weight(
                first.saturating_add(Duration::days(day.into())),
                f64::from(day),
            );
            sum
        });
        let mut shares: Vec<f64> = shares.collect();
        for share in &mut shares {
            *share /= sum;
        }
        Self {
            first,
            until: until.midnight().assume_utc(),
            shares,
        }
    }

    /// When that share of all orders has been placed, at an hour of its day that
    /// is usual `utc_offset` hours east of Greenwich.
    pub fn placed_at(&self, share: f64, utc_offset: i8, draw: &mut Draw) -> OffsetDateTime {
        let day = self.shares.partition_point(|until| *until <= share);
        let day = i64::try_from(day.min(self.shares.len() - 1)).unwrap_or_default();
        let hour = i64::try_from(draw.weighted(HOURS.into_iter())).unwrap_or_default();
        let hour = (hour - i64::from(utc_offset)).rem_euclid(24);
        let second = hour * 3_600 + draw.between(0, 3_599);
        let date = self.first.saturating_add(Duration::days(day));
        date.with_time(Time::MIDNIGHT).assume_utc() + Duration::seconds(second)
    }

    /// `time`, if that has come.
    pub fn come(&self, time: OffsetDateTime) -> Option<OffsetDateTime> {
        (time < self.until).then_some(time)
    }

    /// `time`, or the last moment of the shop.
    pub fn at_last(&self, time: OffsetDateTime) -> OffsetDateTime {
        time.min(self.until - Duration::seconds(1))
    }
}

fn weight(date: Date, days: f64) -> f64 {
    let month = MONTHS[usize::from(u8::from(date.month())) - 1];
    let weekday = WEEKDAYS[usize::from(date.weekday().number_days_from_monday())];
    // The sales of the last days of November, and the quiet after the last
    // parcel that comes in time.
    let day = match (date.month(), date.day(), date.weekday()) {
        (Month::November, 23..=29, Weekday::Friday) => 2.5,
        (Month::November, 23..=30, _) => 1.6,
        (Month::December, 21..=31, _) => 0.45,
        _ => 1.0,
    };
    month * weekday * day * YEARLY_GROWTH.powf(days / 365.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::draw::Of;
    use time::macros::date;

    /// Orders by what `of` says of their time, of two years.
    fn counted<const N: usize>(of: impl Fn(OffsetDateTime) -> usize) -> [u32; N] {
        let calendar = Calendar::new(date!(2026 - 01 - 01), 730);
        let mut counts = [0; N];
        let mut draw = Draw::new(1, Of::Order, 0);
        for order in 0..20_000 {
            let at = calendar.placed_at(f64::from(order) / 20_000.0, 0, &mut draw);
            assert!(at >= calendar.first.midnight().assume_utc() && calendar.come(at).is_some());
            counts[of(at)] += 1;
        }
        counts
    }

    #[test]
    fn there_are_more_before_christmas_and_from_year_to_year() {
        let months: [u32; 12] = counted(|at| usize::from(u8::from(at.month())) - 1);
        let summer = months[6];
        assert!(
            months[10] > 2 * summer && 2 * months[11] > 3 * summer,
            "{months:?}"
        );
        let [first, second] = counted(|at| usize::from(at.year() == 2025));
        assert!(
            second > first * 12 / 10 && second < first * 14 / 10,
            "{first} {second}"
        );
    }

    #[test]
    fn there_are_hardly_any_at_night_and_more_on_mondays() {
        let hours: [u32; 24] = counted(|at| usize::from(at.hour()));
        assert!(hours[20] > 20 * hours[3].max(1), "{hours:?}");
        let days: [u32; 7] = counted(|at| usize::from(at.weekday().number_days_from_monday()));
        assert!(days[0] > days[5] * 13 / 10, "{days:?}");
    }

    #[test]
    fn what_has_not_come_is_not_there() {
        let calendar = Calendar::new(date!(2026 - 01 - 01), 1);
        let late = calendar.until;
        assert_eq!(calendar.come(late), None);
        assert!(calendar.at_last(late) < late);
    }
}
