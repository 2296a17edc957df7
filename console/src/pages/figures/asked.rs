//! What the page of figures is asked for, all of it in its URL. Pure.

use serde::Deserialize;
use time::{Date, Duration, Month, macros::format_description};

/// Most periods that a picture has: days of a quarter.
const MOST_PERIODS: i64 = 93;
/// Most days of a range.
const LONGEST: i64 = 3_660;

/// The query of the URL, as it was written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Written {
    range: String,
    from: String,
    through: String,
    interval: String,
    measure: String,
    currency: String,
    /// IANA name of the zone whose days are meant.
    pub tz: String,
}

/// Names, a list of them, and what each is called.
macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal, $title:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$of])* $variant),+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As the URL has it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// As the page calls it.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }

            fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|choice| choice.word() == word)
            }
        }
    };
}

choices! {
    /// Which days.
    Span {
        /// Today.
        Day = "1d", "Today";
        /// Seven days up to today.
        Week = "7d", "7 days";
        /// Thirty days up to today.
        Month = "30d", "30 days";
        /// Twelve weeks up to today.
        Quarter = "12w", "12 weeks";
        /// This month and the eleven before.
        Year = "12m", "12 months";
        /// From a day through another one.
        Between = "between", "Other days";
    }
}

choices! {
    /// How long a period is.
    Interval {
        /// An hour of UTC.
        Hour = "hour", "Hour";
        /// A day.
        Day = "day", "Day";
        /// From Monday on.
        Week = "week", "Week";
        /// A calendar month.
        Month = "month", "Month";
    }
}

choices! {
    /// What is drawn.
    Measure {
        /// Sum of totals.
        Revenue = "revenue", "Revenue";
        /// Orders that were placed.
        Orders = "orders", "Orders";
        /// Revenue per order.
        Average = "average_value", "Average value";
        /// Money that went back.
        Refunds = "refunded", "Refunds";
    }
}

/// What is asked for, with all that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Which days, by name.
    pub span: Span,
    /// The first of them.
    pub from: Date,
    /// The last of them.
    pub through: Date,
    /// What they are divided into.
    pub interval: Interval,
    /// What is drawn of each.
    pub measure: Measure,
    /// The currency of amounts; none: that with the most orders.
    pub currency: Option<String>,
    /// IANA name of the zone whose days are meant.
    pub zone: String,
    /// Whether the URL names it: else it is UTC, and no link says another thing.
    pub named: bool,
    /// Whether the last day is not over yet: what is compared then are sums so far with
    /// those of days that are over.
    pub open: bool,
}

impl Asked {
    /// What a URL asks for; what it does not say, or says wrongly, is as on the first
    /// visit. `today` is the day that it is in `zone`.
    pub fn of(written: &Written, zone: &str, today: Date) -> Self {
        let span = Span::of(&written.range).unwrap_or(Span::Month);
        let between = day(&written.from).zip(day(&written.through));
        let between = between
            .filter(|(from, through)| from <= through && (*through - *from).whole_days() < LONGEST);
        let (span, from, through) = match (span, between) {
            (Span::Between, Some((from, through))) => (span, from, through),
            (Span::Between, None) => (Span::Month, ago(today, 29), today),
            (Span::Day, _) => (span, today, today),
            (Span::Week, _) => (span, ago(today, 6), today),
            (Span::Month, _) => (span, ago(today, 29), today),
            (Span::Quarter, _) => (span, ago(today, 83), today),
            (Span::Year, _) => (span, eleven_months_before(today), end_of_month(today)),
        };
        let days = (through - from).whole_days() + 1;
        let interval = Interval::of(&written.interval).unwrap_or_else(|| usual(span, days));
        let currency = written.currency.trim().to_ascii_uppercase();
        let is_code = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
        Self {
            span,
            from,
            through,
            interval: fitting(interval, days),
            measure: Measure::of(&written.measure).unwrap_or(Measure::Revenue),
            currency: is_code.then_some(currency),
            zone: zone.to_owned(),
            named: !written.tz.is_empty(),
            open: through >= today,
        }
    }

    /// The day after the last one, as the API wants it.
    pub fn to(&self) -> Date {
        self.through.next_day().unwrap_or(self.through)
    }

    /// The parameters of the URL that asks for this.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("range", self.span.word().to_owned())];
        if self.span == Span::Between {
            pairs.push(("from", told(self.from)));
            pairs.push(("through", told(self.through)));
        }
        pairs.push(("interval", self.interval.word().to_owned()));
        pairs.push(("measure", self.measure.word().to_owned()));
        if let Some(currency) = &self.currency {
            pairs.push(("currency", currency.clone()));
        }
        if self.named {
            pairs.push(("tz", self.zone.clone()));
        }
        pairs
    }

    /// The query of the URL that asks for this.
    pub fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.pairs());
        query.finish()
    }
}

/// A day as both APIs write it.
pub fn told(day: Date) -> String {
    day.format(format_description!("[year]-[month]-[day]"))
        .unwrap_or_default()
}

/// A day as a form writes it.
fn day(text: &str) -> Option<Date> {
    Date::parse(text.trim(), format_description!("[year]-[month]-[day]")).ok()
}

fn ago(today: Date, days: i64) -> Date {
    today.checked_sub(Duration::days(days)).unwrap_or(today)
}

/// The first day of the month that is eleven before that of a day.
pub fn eleven_months_before(today: Date) -> Date {
    let (mut year, mut month) = (today.year(), today.month());
    for _ in 0..11 {
        if month == Month::January {
            year -= 1;
        }
        month = month.previous();
    }
    Date::from_calendar_date(year, month, 1).unwrap_or(today)
}

fn end_of_month(today: Date) -> Date {
    let last = today.month().length(today.year());
    today.replace_day(last).unwrap_or(today)
}

/// What days are divided into where nobody says.
fn usual(span: Span, days: i64) -> Interval {
    match span {
        Span::Day => Interval::Hour,
        Span::Week | Span::Month => Interval::Day,
        Span::Quarter => Interval::Week,
        Span::Year => Interval::Month,
        Span::Between => match days {
            ..=2 => Interval::Hour,
            3..=62 => Interval::Day,
            63..=366 => Interval::Week,
            367.. => Interval::Month,
        },
    }
}

/// The interval, or the next longer one that makes no more periods than a picture
/// has.
fn fitting(interval: Interval, days: i64) -> Interval {
    let longer = Interval::ALL.iter().copied();
    let longer = longer.skip_while(|other| *other != interval);
    let mut fitting = longer.filter(|interval| periods(*interval, days) <= MOST_PERIODS);
    fitting.next().unwrap_or(Interval::Month)
}

/// About how many periods so many days have.
const fn periods(interval: Interval, days: i64) -> i64 {
    match interval {
        Interval::Hour => days * 24,
        Interval::Day => days,
        Interval::Week => days / 7,
        Interval::Month => days / 30,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 02 - 10);

    fn asked(range: &str, interval: &str) -> Asked {
        let written = Written {
            range: range.into(),
            interval: interval.into(),
            ..Written::default()
        };
        Asked::of(&written, "Europe/London", TODAY)
    }

    #[test]
    fn a_range_ends_today() {
        for (range, from, through, interval) in [
            ("", date!(2026 - 01 - 12), TODAY, Interval::Day),
            ("1d", TODAY, TODAY, Interval::Hour),
            ("7d", date!(2026 - 02 - 04), TODAY, Interval::Day),
            ("12w", date!(2025 - 11 - 19), TODAY, Interval::Week),
            (
                "12m",
                date!(2025 - 03 - 01),
                date!(2026 - 02 - 28),
                Interval::Month,
            ),
        ] {
            let asked = asked(range, "");
            assert_eq!((asked.from, asked.through), (from, through), "{range}");
            assert_eq!(asked.interval, interval, "{range}");
        }
    }

    #[test]
    fn an_interval_that_makes_too_many_periods_is_a_longer_one() {
        for (range, interval, fits) in [
            ("30d", "hour", Interval::Day),
            ("1d", "hour", Interval::Hour),
            ("12m", "day", Interval::Week),
            ("12m", "hour", Interval::Week),
            ("30d", "month", Interval::Month),
        ] {
            assert_eq!(asked(range, interval).interval, fits, "{range} {interval}");
        }
        assert_eq!(fitting(Interval::Hour, LONGEST), Interval::Month);
    }

    fn between(from: &str, through: &str) -> Asked {
        let written = Written {
            range: "between".into(),
            from: from.into(),
            through: through.into(),
            currency: "gbp".into(),
            ..Written::default()
        };
        Asked::of(&written, "UTC", TODAY)
    }

    #[test]
    fn a_range_is_open_until_its_last_day_is_over() {
        for range in ["1d", "30d", "12m"] {
            assert!(asked(range, "").open, "{range}");
        }
        assert!(between("2026-02-01", "2026-02-10").open);
        assert!(!between("2026-02-01", "2026-02-09").open);
    }

    #[test]
    fn other_days_are_whole_and_in_their_order() {
        let asked = between("2026-01-01", "2026-01-31");
        assert_eq!(asked.to(), date!(2026 - 02 - 01));
        assert_eq!(asked.currency.as_deref(), Some("GBP"));
        for (from, through) in [
            ("2026-02-01", "2026-01-01"),
            ("2026-01-32", "2026-02-01"),
            ("0001-01-01", "2026-01-01"),
            ("", ""),
        ] {
            assert_eq!(between(from, through).span, Span::Month, "{from} {through}");
        }
    }

    #[test]
    fn the_url_of_what_was_asked_asks_for_the_same() {
        let elsewhere = Written {
            tz: "Europe/London".into(),
            ..Written::default()
        };
        let elsewhere = Asked::of(&elsewhere, "Europe/London", TODAY);
        assert!(elsewhere.query().contains("tz=Europe%2FLondon"));
        let unnamed = between("2026-01-01", "2026-01-31");
        assert!(!unnamed.query().contains("tz="), "{}", unnamed.query());
        for asked in [unnamed, asked("12m", "week"), elsewhere] {
            let query = actix_web::web::Query::<Written>::from_query(&asked.query());
            let written = query.expect("a query").into_inner();
            assert_eq!(Asked::of(&written, &asked.zone, TODAY), asked);
        }
    }

    #[test]
    fn a_currency_that_is_none_is_left_out() {
        let written = Written {
            currency: "<b>".into(),
            ..Written::default()
        };
        assert_eq!(Asked::of(&written, "UTC", TODAY).currency, None);
    }
}
