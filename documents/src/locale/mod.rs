//! Languages, and how numbers, money and dates are written: a table row each,
//! by the Unicode CLDR.

mod numbers;
mod words;

pub use numbers::Money;
pub use words::Words;

use std::str::FromStr;
use time::OffsetDateTime;

/// A language with its conventions, by its BCP 47 tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Locale {
    /// British English.
    EnGb,
    /// American English.
    EnUs,
    /// German as in Germany.
    DeDe,
}

/// A tag that none of the tables has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no locale {0:?}: one of {known} is expected", known = known())]
pub struct UnknownLocale(String);

fn known() -> String {
    let tags: Vec<_> = Locale::ALL.iter().map(|locale| locale.tag()).collect();
    tags.join(", ")
}

/// How a date is put together.
#[derive(Debug, Clone, Copy)]
enum DateForm {
    /// `5 March 2026`.
    DayMonth,
    /// `March 5, 2026`.
    MonthDay,
    /// `5. März 2026`.
    DottedDayMonth,
}

/// What differs between places of one language too.
struct Conventions {
    tag: &'static str,
    words: &'static Words,
    decimal: char,
    group: char,
    symbol_first: bool,
    /// A currency and the symbol that means no other one here.
    own_symbol: Option<&'static (&'static str, &'static str)>,
    date: DateForm,
}

impl Locale {
    /// Every one.
    pub const ALL: &[Self] = &[Self::EnGb, Self::EnUs, Self::DeDe];

    const fn conventions(self) -> &'static Conventions {
        match self {
            Self::EnGb => &Conventions {
                tag: "en-GB",
                words: &words::ENGLISH,
                decimal: '.',
                group: ',',
                symbol_first: true,
                own_symbol: None,
                date: DateForm::DayMonth,
            },
            Self::EnUs => &Conventions {
                tag: "en-US",
                words: &words::ENGLISH,
                decimal: '.',
                group: ',',
                symbol_first: true,
                own_symbol: Some(&("USD", "$")),
                date: DateForm::MonthDay,
            },
            Self::DeDe => &Conventions {
                tag: "de-DE",
                words: &words::GERMAN,
                decimal: ',',
                group: '.',
                symbol_first: false,
                own_symbol: None,
                date: DateForm::DottedDayMonth,
            },
        }
    }

    /// Its BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        self.conventions().tag
    }

    /// What documents say in it.
    pub(crate) const fn words(self) -> &'static Words {
        self.conventions().words
    }

    /// The day of a moment, in UTC, with the month in words.
    pub fn date(self, moment: OffsetDateTime) -> String {
        let date = moment.to_offset(time::UtcOffset::UTC).date();
        let month = self.words().months[usize::from(u8::from(date.month())) - 1];
        let (day, year) = (date.day(), date.year());
        match self.conventions().date {
            DateForm::DayMonth => format!("{day} {month} {year}"),
            DateForm::MonthDay => format!("{month} {day}, {year}"),
            DateForm::DottedDayMonth => format!("{day}. {month} {year}"),
        }
    }
}

impl FromStr for Locale {
    type Err = UnknownLocale;

    fn from_str(text: &str) -> Result<Self, UnknownLocale> {
        let found = Self::ALL.iter().find(|locale| locale.tag() == text);
        found.copied().ok_or_else(|| UnknownLocale(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn dates_are_written_as_people_of_the_place_do() {
        let moment = datetime!(2026-03-05 23:30 -2);
        for (locale, written) in [
            (Locale::EnGb, "6 March 2026"),
            (Locale::EnUs, "March 6, 2026"),
            (Locale::DeDe, "6. März 2026"),
        ] {
            assert_eq!(locale.date(moment), written);
        }
    }

    #[test]
    fn an_unknown_locale_is_told_the_known_ones() {
        assert_eq!("de-DE".parse(), Ok(Locale::DeDe));
        let error = "tlh".parse::<Locale>().expect_err("unknown").to_string();
        assert_eq!(
            error,
            "no locale \"tlh\": one of en-GB, en-US, de-DE is expected"
        );
    }
}
