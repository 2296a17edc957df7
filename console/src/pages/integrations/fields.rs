//! Fields of forms.

use crate::Failure;
use maud::{Markup, html};
use time::{Date, OffsetDateTime, PrimitiveDateTime, UtcOffset, macros::format_description};

/// A value, and what people call it.
pub type Choice<'a> = (&'a str, &'a str);

/// One of several values.
pub fn select(label: &str, name: &str, choices: &[Choice<'_>], chosen: Option<&str>) -> Markup {
    html! {
        label.field {
            span { (label) }
            select name=(name) {
                @for (value, called) in choices {
                    option value=(value) selected[chosen == Some(*value)] { (called) }
                }
            }
        }
    }
}

/// A text of one line.
pub fn text(label: &str, name: &str, value: Option<&str>, hint: &str) -> Markup {
    input(label, name, ("text", value), hint, false)
}

/// The same that has to be filled in.
pub fn needed(label: &str, name: &str, value: Option<&str>, hint: &str) -> Markup {
    input(label, name, ("text", value), hint, true)
}

/// A field of another kind, such as a date.
pub fn input(
    label: &str,
    name: &str,
    (kind, value): (&str, Option<&str>),
    hint: &str,
    needed: bool,
) -> Markup {
    html! {
        label.field {
            span { (label) }
            input type=(kind) name=(name) value=[value] required[needed]
                autocomplete="off" spellcheck="false";
            @if !hint.is_empty() { small.hint { (hint) } }
        }
    }
}

/// Yes or no.
pub fn check(label: &str, name: &str, value: &str, checked: bool) -> Markup {
    html! {
        label.check {
            input type="checkbox" name=(name) value=(value) checked[checked];
            span { (label) }
        }
    }
}

/// A moment as `input type=datetime-local` sends it, or a date alone, which is its first
/// moment; both are UTC, as no browser tells a server its zone.
///
/// # Errors
/// 400 for anything else; `called` is its name on the page.
pub fn moment_of(text: &str, called: &str) -> Result<OffsetDateTime, Failure> {
    let minute = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    let second = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let day = format_description!("[year]-[month]-[day]");
    let moment = PrimitiveDateTime::parse(text, minute)
        .or_else(|_| PrimitiveDateTime::parse(text, second))
        .or_else(|_| Date::parse(text, day).map(Date::midnight));
    let wrong = |_| {
        Failure::Form(format!(
            "{called} has to be a time such as 2026-01-31T12:00"
        ))
    };
    moment.map(PrimitiveDateTime::assume_utc).map_err(wrong)
}

/// A moment as `input type=datetime-local` holds it, to the minute, in UTC.
pub fn typed(at: OffsetDateTime) -> String {
    let minute = format_description!("[year]-[month]-[day]T[hour]:[minute]");
    at.to_offset(UtcOffset::UTC)
        .format(minute)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn moments_are_as_browsers_send_them() {
        for (text, at) in [
            ("2026-01-31T12:05", datetime!(2026-01-31 12:05 UTC)),
            ("2026-01-31T12:05:09", datetime!(2026-01-31 12:05:09 UTC)),
            ("2026-01-31", datetime!(2026-01-31 0:00 UTC)),
        ] {
            assert_eq!(moment_of(text, "From").ok(), Some(at), "{text}");
        }
        let at = datetime!(2026-01-31 13:05:09 +1);
        assert_eq!(typed(at), "2026-01-31T12:05");
        for wrong in ["", "soon", "31.01.2026", "2026-02-30"] {
            assert!(moment_of(wrong, "From").is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_people_typed_is_text() {
        let field = text("Name", "name", Some("\"><script>"), "").into_string();
        assert!(
            field.contains("value=\"&quot;&gt;&lt;script&gt;\""),
            "{field}"
        );
    }
}
