//! What the page can be asked for.

use super::{
    PAGE,
    asked::{Asked, Interval, Measure, Span, told},
    told::OrdersRow,
    zone::OFFERED,
};
use maud::{Markup, html};

/// The form. It is sent by GET, so that the URL says what is shown. The module leads to
/// the same in the viewer's zone, which no browser tells a server.
pub fn form(asked: &Asked, currency: &str, totals: &[OrdersRow]) -> Markup {
    let intervals = Interval::ALL.iter().map(|of| (of.word(), of.title()));
    let measures = Measure::ALL.iter().map(|of| (of.word(), of.title()));
    html! {
        nav.row.spans aria-label="Days" {
            @for span in Span::ALL.iter().filter(|span| **span != Span::Between) {
                @let here = asked.span == *span;
                a.button href=(with_span(asked, *span)) aria-current=[here.then_some("true")] {
                    (span.title())
                }
            }
        }
        form.card.filters method="get" action=(PAGE.path) {
            input type="hidden" name="range" value=(Span::Between.word());
            (field("From", &html! {
                input #from type="date" name="from" value=(told(asked.from)) required;
            }))
            (field("Through", &html! {
                input #through type="date" name="through" value=(told(asked.through)) required;
            }))
            (field("By", &select("interval", intervals, asked.interval.word())))
            (field("Show", &select("measure", measures, asked.measure.word())))
            (field("Currency", &currencies(currency, totals)))
            (field("Time zone", &html! {
                input #tz type="text" name="tz" value=(asked.zone) list="zones" autocomplete="off"
                    spellcheck="false";
            }))
            datalist #zones { @for zone in OFFERED { option value=(zone) {} } }
            div.field { button.primary type="submit" { "Show" } }
        }
        p.hint {
            "Days are those of " (asked.zone) ". "
            a href=(PAGE.path) data-viewer-zone=(asked.zone) hidden {}
        }
    }
}

fn field(name: &str, input: &Markup) -> Markup {
    html! { div.field { label { (name) " " (input) } } }
}

/// The same of other days; what they are divided into follows.
fn with_span(asked: &Asked, span: Span) -> String {
    let other = Asked {
        span,
        ..asked.clone()
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let pairs = other.pairs().into_iter();
    query.extend_pairs(pairs.filter(|(name, _)| *name != "interval"));
    format!("{}?{}", PAGE.path, query.finish())
}

/// Currencies that anything was sold in, with the number of orders.
fn currencies(currency: &str, totals: &[OrdersRow]) -> Markup {
    let listed = totals.iter().any(|row| row.currency == currency);
    html! {
        select name="currency" {
            @if !listed { option value=(currency) selected { (currency) } }
            @for row in totals {
                option value=(row.currency) selected[row.currency == currency] {
                    (row.currency) " (" (row.sums.orders) ")"
                }
            }
        }
    }
}

/// A choice of words, each with its title.
fn select(
    name: &str,
    all: impl Iterator<Item = (&'static str, &'static str)>,
    chosen: &str,
) -> Markup {
    html! {
        select name=(name) {
            @for (word, title) in all {
                option value=(word) selected[word == chosen] { (title) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::figures::asked::Written;
    use time::macros::date;

    #[test]
    fn where_no_zone_is_named_days_are_told_to_be_those_of_utc() {
        let asked = Asked::of(&Written::default(), "UTC", date!(2026 - 02 - 10));
        let shown = form(&asked, "GBP", &[]).into_string();
        assert!(shown.contains("Days are those of UTC."), "{shown}");
        assert!(shown.contains("name=\"tz\" value=\"UTC\""), "{shown}");
        assert!(!shown.contains("tz="), "{shown}");
    }
}
