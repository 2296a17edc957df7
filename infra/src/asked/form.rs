//! How a question is written down.

use std::fmt::Write as _;
use time::{Date, Duration, format_description::BorrowedFormatItem, macros::format_description};
use url::form_urlencoded::Serializer;

/// The ends of a range of days.
const BOUNDS: &[&str] = &["from", "to"];
/// Stands before the days that a bound is away from the day of the question. No
/// encoded value has it.
const MOVING: char = '@';
/// A range that ends on the day on which it is asked for, or so many days later, ends
/// now: its end is the day after its last one, and somewhere on Earth it is tomorrow.
const ENDS_WITHIN: i64 = 2;
/// Longer questions are not noted.
const LONGEST: usize = 1_000;
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// A question in each way in which it may be asked again: as it is; and, where its
/// range ends now, with both ends that move along with the day, and with the last
/// one alone. None where it is too long.
pub fn forms(path: &str, pairs: &[(String, String)], today: Date) -> Vec<String> {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    let fixed = written(path, &pairs, &[], today);
    if fixed.len() > LONGEST {
        return Vec::new();
    }
    let mut forms = vec![fixed];
    if ends_now(&pairs, today) {
        for moving in [BOUNDS, &["to"]] {
            let form = written(path, &pairs, moving, today);
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

/// The question that a form is on this day; none where it is no form, or a day
/// beyond the calendar.
pub fn question(form: &str, today: Date) -> Option<String> {
    let Some((path, query)) = form.split_once('?') else {
        return Some(form.to_owned());
    };
    let parts = query.split('&').map(|part| on(part, today));
    let parts: Vec<String> = parts.collect::<Option<_>>()?;
    Some(format!("{path}?{}", parts.join("&")))
}

/// Whether a form is another question each day.
pub fn is_moving(form: &str) -> bool {
    form.contains(MOVING)
}

/// A parameter of a form as it is on this day.
fn on(part: &str, today: Date) -> Option<String> {
    let Some((name, days)) = part.split_once(MOVING) else {
        return Some(part.to_owned());
    };
    let days = days.parse::<i32>().ok()?;
    let day = today.checked_add(Duration::days(days.into()))?;
    Some(format!("{name}{}", day.format(DAY).ok()?))
}

/// Whether the range is one of whole days and ends about today, or has no end.
fn ends_now(pairs: &[(String, String)], today: Date) -> bool {
    let mut bounds = pairs.iter().filter(|(name, _)| is_bound(name)).peekable();
    let ends = |(name, value): &(String, String)| {
        let days = days_from(value, today)?;
        Some(name != "to" || (0..=ENDS_WITHIN).contains(&days))
    };
    bounds.peek().is_some() && bounds.all(|bound| ends(bound) == Some(true))
}

fn is_bound(name: &str) -> bool {
    BOUNDS.contains(&name)
}

/// How many days a day is away; none for what is no day.
fn days_from(value: &str, today: Date) -> Option<i64> {
    let day = Date::parse(value, DAY).ok()?;
    Some((day - today).whole_days())
}

/// A path with its parameters; those of `moving` relative to today.
fn written(path: &str, pairs: &[(String, String)], moving: &[&str], today: Date) -> String {
    let mut text = path.to_owned();
    for (at, (name, value)) in pairs.iter().enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        let days = moving
            .contains(&name.as_str())
            .then(|| days_from(value, today));
        if let Some(days) = days.flatten() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{name}={MOVING}{days}");
        } else {
            let mut pair = Serializer::new(String::new());
            text.push_str(&pair.append_pair(name, value).finish());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;
    use url::form_urlencoded::parse;

    const PATH: &str = "/v1/statistics/orders";
    const TODAY: Date = date!(2026 - 03 - 01);

    fn noted(query: &str) -> Vec<String> {
        let pairs: Vec<_> = parse(query.as_bytes()).into_owned().collect();
        let forms = forms(PATH, &pairs, TODAY).into_iter();
        forms
            .map(|form| form.trim_start_matches(PATH).to_owned())
            .collect()
    }

    #[test]
    fn a_question_is_the_same_however_its_parameters_are_ordered() {
        assert_eq!(noted(""), [""]);
        let form = "?currency=EUR&group_by=kind%2Cplatform";
        for query in [
            "group_by=kind,platform&currency=EUR",
            "currency=EUR&group_by=kind%2cplatform",
        ] {
            assert_eq!(noted(query), [form], "{query}");
        }
        assert_eq!(noted("platform=a%40b%26c"), ["?platform=a%40b%26c"]);
        assert!(!is_moving("?platform=a%40-1"));
    }

    #[test]
    fn a_range_that_ends_now_is_noted_as_it_moves_too() {
        assert_eq!(
            noted("from=2026-02-01&interval=day&to=2026-03-02"),
            [
                "?from=2026-02-01&interval=day&to=2026-03-02",
                "?from=@-28&interval=day&to=@1",
                "?from=2026-02-01&interval=day&to=@1",
            ]
        );
        // Since a day, or since so many days.
        let open = noted("from=2026-02-22");
        assert_eq!(open, ["?from=2026-02-22", "?from=@-7"]);
        assert_eq!(noted("to=2026-03-01"), ["?to=2026-03-01", "?to=@0"]);
    }

    #[test]
    fn what_is_over_is_over_and_hours_are_no_days() {
        for query in [
            "from=2026-01-01&to=2026-02-01",
            "to=2026-02-28",
            "from=2026-03-01&to=2027-01-01",
            "from=2026-02-01T00%3A00%3A00Z&to=2026-03-02",
            "from=2026-02-01&to=2026-03-01T08%3A00%3A00Z",
            "interval=day",
        ] {
            assert_eq!(noted(query), [format!("?{query}")]);
        }
    }

    #[test]
    fn a_form_is_the_question_of_the_day() {
        let tomorrow = date!(2026 - 03 - 02);
        for (form, asked) in [
            ("", ""),
            ("?currency=EUR", "?currency=EUR"),
            ("?platform=a%40b", "?platform=a%40b"),
            (
                "?from=@-28&interval=day&to=@1",
                "?from=2026-02-02&interval=day&to=2026-03-03",
            ),
            ("?from=2026-02-01&to=@0", "?from=2026-02-01&to=2026-03-02"),
        ] {
            let question = question(&format!("{PATH}{form}"), tomorrow);
            assert_eq!(question, Some(format!("{PATH}{asked}")));
        }
        for wrong in ["?from=@", "?from=@x", "?from=@99999999"] {
            assert_eq!(question(wrong, tomorrow), None, "{wrong}");
        }
    }

    #[test]
    fn on_its_own_day_each_form_is_the_question_itself() {
        let query = "from=2026-02-01&interval=day&to=2026-03-02";
        for form in noted(query) {
            let form = format!("{PATH}{form}");
            assert_eq!(question(&form, TODAY), Some(format!("{PATH}?{query}")));
        }
    }

    #[test]
    fn what_is_too_long_is_not_noted() {
        assert!(noted(&format!("tag={}", "x".repeat(LONGEST))).is_empty());
    }
}
