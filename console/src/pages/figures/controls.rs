//! What the page can be asked for.

use super::{
    PAGE,
    asked::{Asked, Interval, Measure, Span, told},
    told::OrdersRow,
    zone::OFFERED,
};
use maud::{Markup, html};

/// The form. It is sent by GET, so that the URL says what is shown; `named`: it said a
/// zone.
pub fn form(asked: &Asked, named: bool, currency: &str, totals: &[OrdersRow]) -> Markup {
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
            (field("By", &select("interval", Interval::ALL, asked.interval)))
            (field("Show", &select("measure", Measure::ALL, asked.measure)))
            (field("Currency", &currencies(currency, totals)))
            (field("Time zone", &html! {
                input #tz type="text" name="tz" value=(asked.zone) list="zones" autocomplete="off"
                    spellcheck="false" data-viewer-zone[!named];
            }))
            datalist #zones { @for zone in OFFERED { option value=(zone) {} } }
            div.field { button.primary type="submit" { "Show" } }
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

/// What can be chosen by name.
trait Choice: Copy + PartialEq {
    fn word(self) -> &'static str;
    fn title(self) -> &'static str;
}

impl Choice for Interval {
    fn word(self) -> &'static str {
        Self::word(self)
    }

    fn title(self) -> &'static str {
        Self::title(self)
    }
}

impl Choice for Measure {
    fn word(self) -> &'static str {
        Self::word(self)
    }

    fn title(self) -> &'static str {
        Self::title(self)
    }
}

fn select<C: Choice>(name: &str, all: &[C], chosen: C) -> Markup {
    html! {
        select name=(name) {
            @for choice in all {
                option value=(choice.word()) selected[*choice == chosen] { (choice.title()) }
            }
        }
    }
}
