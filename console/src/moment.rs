//! Moments. They are written in UTC; the module of the page writes them anew in the
//! viewer's own time zone, which no browser tells a server.

use maud::{Markup, html};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A moment, to the minute; hovering tells it whole.
pub fn moment(at: OffsetDateTime) -> Markup {
    let at = at.to_offset(UtcOffset::UTC);
    let whole = at.format(&Rfc3339).unwrap_or_default();
    html! {
        time datetime=(whole) title=(whole) data-moment { (in_utc(at)) }
    }
}

/// The same where there may be none.
pub fn maybe(at: Option<OffsetDateTime>) -> Markup {
    at.map_or_else(|| html! { span.none { "–" } }, moment)
}

/// A moment that an answer tells as text (RFC 3339); as it is where it is something else.
pub fn told(text: &str) -> Markup {
    let at = OffsetDateTime::parse(text, &Rfc3339);
    at.map_or_else(|_| html! { (text) }, moment)
}

/// `2026-11-26 17:14 UTC`.
fn in_utc(at: OffsetDateTime) -> String {
    let (date, hour, minute) = (at.date(), at.hour(), at.minute());
    format!("{date} {hour:02}:{minute:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_moment_is_told_whole_to_programs_and_in_utc_to_people() {
        let markup = moment(datetime!(2026-03-05 23:30:07 -2)).into_string();
        assert!(
            markup.contains("datetime=\"2026-03-06T01:30:07Z\""),
            "{markup}"
        );
        assert!(markup.contains(">2026-03-06 01:30 UTC<"), "{markup}");
    }
}
