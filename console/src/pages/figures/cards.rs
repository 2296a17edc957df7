//! The sums of the range, each with that of the range before.

use super::{
    asked::Measure,
    call::Call,
    parts::{Scene, series::figure},
    table::thousandths,
    told::{OrdersRow, Sums},
};
use maud::{Markup, html};

const NOTHING: Sums = Sums {
    orders: 0,
    cancelled: 0,
    units: 0,
    revenue: 0,
    refunded: 0,
    average_value: None,
};

/// Four cards, and which other currencies there are.
pub fn sums(totals: &[OrdersRow], scene: &Scene<'_>, call: &Call) -> Markup {
    let row = totals.iter().find(|row| row.currency == scene.currency);
    let now = row.map_or(NOTHING, |row| row.sums);
    let before = row.and_then(|row| row.previous);
    let others = totals.iter().filter(|row| row.currency != scene.currency);
    let others: Vec<String> = others
        .map(|row| format!("{} ({})", row.currency, scene.locale.count(row.sums.orders)))
        .collect();
    html! {
        section #sums aria-label="Sums" {
            dl.grid {
                @for measure in Measure::ALL {
                    (card(*measure, &now, before.as_ref(), scene))
                }
            }
            @if scene.asked.open {
                p.hint { "These days are not over: what was before is of whole ones." }
            }
            @if now.cancelled > 0 {
                p.hint { (scene.locale.count(now.cancelled)) " of the orders were cancelled since." }
            }
            @if !others.is_empty() {
                p.hint {
                    "Amounts are in " (scene.currency) ". There are orders in "
                    (others.join(", ")) ", too."
                }
            }
            (super::source(call, None))
        }
    }
}

fn card(measure: Measure, now: &Sums, before: Option<&Sums>, scene: &Scene<'_>) -> Markup {
    let told = |figure: Option<i64>| match (measure, figure) {
        (_, None) => "–".to_owned(),
        (Measure::Orders, Some(orders)) => scene.locale.count(orders),
        (_, Some(minor)) => scene.locale.money(minor, scene.currency),
    };
    let (now, before) = (
        figure(now, measure),
        before.and_then(|before| figure(before, measure)),
    );
    let change = now
        .zip(before)
        .and_then(|(now, before)| change(now, before));
    html! {
        div.card.sum {
            dt { (measure.title()) }
            dd.number { (told(now)) }
            dd.hint {
                @match change {
                    Some(change) => {
                        @let sign = if change > 0 { "+" } else { "" };
                        span {
                            (sign) (scene.locale.percent(change))
                            @if scene.asked.open { " so far" }
                        }
                        " · before: "
                    }
                    None => { "Before: " }
                }
                (told(before))
            }
        }
    }
}

/// By how much something has changed, in thousandths of what it was; none where it
/// was nothing.
fn change(now: i64, before: i64) -> Option<i64> {
    thousandths(now.checked_sub(before)?, before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        locale::Locale,
        pages::figures::{
            asked::{Asked, Written},
            zone::Zone,
        },
    };
    use actix_web::test::TestRequest;
    use time::macros::date;

    #[test]
    fn days_that_are_not_over_are_compared_so_far() {
        let row: OrdersRow = serde_json::from_value(serde_json::json!({
            "currency": "GBP", "orders": 3, "cancelled": 0, "units": 3, "revenue": 300,
            "refunded": 0, "average_value": 100,
            "previous": {"orders": 2, "cancelled": 0, "units": 2, "revenue": 200,
                "refunded": 0, "average_value": 100},
        }))
        .expect("a row");
        let locale = Locale::of(&TestRequest::default().to_http_request());
        let asked = Asked::of(&Written::default(), "UTC", date!(2026 - 02 - 10));
        let call = Call::of(&["orders"], &asked);
        for open in [true, false] {
            let asked = Asked {
                open,
                ..asked.clone()
            };
            let scene = Scene {
                asked: &asked,
                currency: "GBP",
                zone: Zone::named("UTC"),
                locale: &locale,
            };
            let shown = sums(std::slice::from_ref(&row), &scene, &call).into_string();
            assert!(shown.contains("+50.0%"), "{shown}");
            assert_eq!(shown.contains("so far"), open, "{shown}");
        }
    }

    #[test]
    fn a_change_is_one_of_what_was_before() {
        assert_eq!(change(150, 100), Some(500));
        assert_eq!(change(50, 100), Some(-500));
        assert_eq!(change(50, 0), None);
        assert_eq!(change(i64::MAX, -5), None);
    }
}
