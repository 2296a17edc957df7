//! Times as other systems write them.

use serde::Deserialize;
use time::{
    Date, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset,
    error::InvalidFormatDescription,
    format_description::{BorrowedFormatItem, OwnedFormatItem, parse_strftime_owned},
    macros::format_description,
    parsing::Parsed,
};

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const TIME: &[BorrowedFormatItem<'_>] = format_description!(
    version = 2,
    "[hour]:[minute][optional [:[second][optional [.[subsecond]]]]]"
);

/// One way of writing a time.
#[derive(Debug, Clone)]
pub(super) enum Form {
    /// ISO 8601 as programs and databases write it, RFC 3339 among it:
    /// `2010-12-01`, `2010-12-01 08:26`, `2010-12-01T08:26:00.5+01:00`.
    Iso,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    UnixMillis,
    /// As for `strftime`.
    Pattern(OwnedFormatItem),
}

impl Form {
    /// `iso`, `unix`, `unix_ms`, or a pattern such as `%d.%m.%Y %H:%M`.
    pub fn of(text: &str) -> Result<Self, InvalidFormatDescription> {
        Ok(match text {
            "iso" => Self::Iso,
            "unix" => Self::Unix,
            "unix_ms" => Self::UnixMillis,
            pattern => Self::Pattern(parse_strftime_owned(pattern)?),
        })
    }

    fn read(&self, text: &str, zone: UtcOffset) -> Option<OffsetDateTime> {
        match self {
            Self::Iso => iso(text, zone),
            Self::Unix => OffsetDateTime::from_unix_timestamp(text.parse().ok()?).ok(),
            Self::UnixMillis => {
                let nanos = text
                    .parse::<i64>()
                    .ok()
                    .map(i128::from)?
                    .checked_mul(1_000_000)?;
                OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
            }
            Self::Pattern(pattern) => {
                let mut parsed = Parsed::new();
                let rest = parsed.parse_item(text.as_bytes(), pattern).ok()?;
                if !rest.is_empty() {
                    return None;
                }
                let date = Date::try_from(parsed).ok()?;
                // A day without a time begins; a time that is there must be one.
                let has_time = parsed.hour_24().is_some() || parsed.hour_12().is_some();
                let time = if has_time {
                    Time::try_from(parsed).ok()?
                } else {
                    Time::MIDNIGHT
                };
                let zone = UtcOffset::try_from(parsed).unwrap_or(zone);
                Some(PrimitiveDateTime::new(date, time).assume_offset(zone))
            }
        }
    }
}

/// How the times of a file are written.
#[derive(Debug, Clone)]
pub(super) struct Dates {
    /// Tried in this order.
    pub forms: Vec<Form>,
    /// Of times that do not say it.
    pub zone: UtcOffset,
}

impl Dates {
    /// The time that a text says, in UTC; none where it is of none of the forms.
    pub fn read(&self, text: &str) -> Option<OffsetDateTime> {
        let at = self
            .forms
            .iter()
            .find_map(|form| form.read(text, self.zone))?;
        let at = at.checked_to_offset(UtcOffset::UTC)?;
        (1..=9999).contains(&at.year()).then_some(at)
    }
}

fn iso(text: &str, at: UtcOffset) -> Option<OffsetDateTime> {
    let (date, rest) = text.split_at_checked("2010-12-01".len())?;
    let date = Date::parse(date, DATE).ok()?;
    let (time, at) = match rest.strip_prefix(['T', ' ']) {
        None if rest.is_empty() => (Time::MIDNIGHT, at),
        None => return None,
        Some(rest) => {
            let (time, offset) = rest.split_at(rest.find(['Z', '+', '-']).unwrap_or(rest.len()));
            let at = if offset.is_empty() { at } else { zone(offset)? };
            (Time::parse(time, TIME).ok()?, at)
        }
    };
    Some(PrimitiveDateTime::new(date, time).assume_offset(at))
}

/// `+01:00`, `-0330`, `+00` or `Z`.
pub(super) fn zone(text: &str) -> Option<UtcOffset> {
    if text == "Z" {
        return Some(UtcOffset::UTC);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
    let two = |part: &str| {
        let is_number = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i8>().ok().filter(|_| is_number)
    };
    let hours = two(hours).filter(|&hours| hours < 24)?;
    let minutes = if minutes.is_empty() { 0 } else { two(minutes)? };
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()
}

/// One form or several, as a mapping says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Forms {
    /// One.
    One(String),
    /// Several, tried in this order.
    Several(Vec<String>),
}

impl Forms {
    /// All of them.
    pub fn texts(&self) -> &[String] {
        match self {
            Self::One(form) => std::slice::from_ref(form),
            Self::Several(forms) => forms,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn dates(forms: &[&str], at: &str) -> Dates {
        let forms = forms.iter().map(|form| Form::of(form).expect("a form"));
        Dates {
            forms: forms.collect(),
            zone: zone(at).expect("a zone"),
        }
    }

    #[test]
    fn times_are_read_by_the_first_form_that_fits_and_told_in_utc() {
        let dates = dates(&["%d.%m.%Y %H:%M", "%d.%m.%Y", "iso"], "+01:00");
        for (text, expected) in [
            ("01.12.2010 08:26", Some(datetime!(2010-12-01 07:26 UTC))),
            ("1.12.2010", None),
            ("01.12.2010", Some(datetime!(2010-11-30 23:00 UTC))),
            (
                "2010-12-01T08:26:00Z",
                Some(datetime!(2010-12-01 08:26 UTC)),
            ),
            (
                "2010-12-01 08:26:00.250+00",
                Some(datetime!(2010-12-01 08:26:00.25 UTC)),
            ),
            ("2010-12-01T09:26", Some(datetime!(2010-12-01 08:26 UTC))),
            ("2010-12-01", Some(datetime!(2010-11-30 23:00 UTC))),
            ("2010-12-01T", None),
            ("2010-12-01x08:26", None),
            ("2010-12-01T08:26:00+", None),
            ("31.02.2010", None),
            ("01.12.2010 08:26 ", None),
            ("01.12.2010 25:00", None),
            ("", None),
        ] {
            assert_eq!(dates.read(text), expected, "{text:?}");
        }
    }

    #[test]
    fn american_dates_seconds_and_offsets_are_read() {
        let at = |form: &str, text: &str| dates(&[form], "Z").read(text);
        let half_past_two = Some(datetime!(2010-12-01 14:30 UTC));
        assert_eq!(
            at("%m/%d/%Y %I:%M %p", "12/01/2010 02:30 PM"),
            half_past_two
        );
        assert_eq!(at("unix", "1291213800"), half_past_two);
        assert_eq!(at("unix_ms", "1291213800000"), half_past_two);
        assert_eq!(
            at("%Y-%m-%d %H:%M:%S %z", "2010-12-01 09:30:00 -0500"),
            half_past_two
        );
        assert_eq!(at("unix", "99999999999999"), None);
    }

    #[test]
    fn a_zone_is_an_offset() {
        assert_eq!(zone("-03:30"), UtcOffset::from_hms(-3, -30, 0).ok());
        assert_eq!(zone("+0200"), UtcOffset::from_hms(2, 0, 0).ok());
        for wrong in [
            "",
            "+",
            "+1",
            "01:00",
            "+1:0",
            "Europe/Berlin",
            "+25:00",
            "+é00",
        ] {
            assert_eq!(zone(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_time_is_read_as_it_was_written(seconds in -62_135_596_800_i64..253_402_300_800) {
            let at = OffsetDateTime::from_unix_timestamp(seconds).expect("within the calendar");
            for form in ["%d.%m.%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %I:%M:%S %p"] {
                let pattern = parse_strftime_owned(form).expect("a pattern");
                let text = at.format(&pattern).expect("written");
                prop_assert_eq!(dates(&[form], "Z").read(&text), Some(at), "{}", text);
            }
        }

        #[test]
        fn no_text_breaks_it(text in ".{0,30}") {
            dates(&["%d.%m.%Y %H:%M", "iso", "unix", "unix_ms"], "+01:00").read(&text);
        }
    }
}
