//! What an event says, in words: its name, its own figures, and what came of it.

use super::diff::Change;
use crate::locale::Locale;
use contracts::order::UnitPrice;
use serde::Deserialize as _;
use serde_json::Value;

/// Members that are told elsewhere, or are of no use to people.
const ELSEWHERE: [&str; 4] = ["after", "personal", "order", "snapshot"];
/// Figures of one event that are told.
const MOST: usize = 8;

/// `order.payment_captured` is `Payment captured`.
pub fn title(kind: &str) -> String {
    let (_, name) = kind.split_once('.').unwrap_or(("", kind));
    let name = name.replace('_', " ");
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => name,
    }
}

/// What the event itself says, each by its name: numbers, texts, and how many of what
/// has parts.
pub fn told(locale: &Locale, currency: &str, data: &Value) -> Vec<(String, String)> {
    let members = data.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| !ELSEWHERE.contains(&name.as_str()))
        .filter_map(|(name, value)| {
            let value = written(locale, currency, name, value)?;
            Some((name.replace('_', " "), value))
        })
        .take(MOST)
        .collect()
}

/// A value in words; none where there is nothing to tell of it.
pub fn written(locale: &Locale, currency: &str, name: &str, value: &Value) -> Option<String> {
    if name == "unit_price" && !currency.is_empty() {
        let price = UnitPrice::deserialize(value).ok()?;
        return Some(locale.price_of_one(&price, currency));
    }
    match value {
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Number(number) => Some(match number.as_i64() {
            Some(minor) if is_amount(name) && !currency.is_empty() => locale.money(minor, currency),
            Some(count) => locale.count(count),
            None => number.to_string(),
        }),
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(parts.len().to_string()),
        Value::Null | Value::Object(_) => None,
    }
}

/// Members of events and of the document that are minor units.
pub fn is_amount(name: &str) -> bool {
    const AMOUNTS: [&str; 20] = [
        "allocated_discount",
        "amount",
        "balance_due",
        "captured",
        "charged_back",
        "credited",
        "discount",
        "discounts",
        "fixed",
        "included_tax",
        "items",
        "refunded",
        "shipping",
        "tax",
        "total",
        "requested",
        "refundable",
        "capturable",
        "covered",
        "needed",
    ];
    AMOUNTS.contains(&name)
}

/// What the event changed of axes and sums, by what the order was `after` it and after
/// the one before.
pub fn changes(
    locale: &Locale,
    currency: &str,
    before: Option<&Value>,
    data: &Value,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let before = before.and_then(|data| data.get("after"));
    let (Some(before), Some(after)) = (before, data.get("after")) else {
        return changes;
    };
    let pairs = [
        (Some(before), Some(after)),
        (before.get("totals"), after.get("totals")),
    ];
    for (before, after) in pairs {
        let members = after.and_then(Value::as_object).into_iter().flatten();
        for (name, value) in members.filter(|(name, _)| *name != "version") {
            let was = before.and_then(|before| before.get(name));
            let word = |value: Option<&Value>| {
                value.and_then(|value| written(locale, currency, name, value))
            };
            if was != Some(value) && !value.is_object() {
                changes.push(Change {
                    what: name.replace('_', " "),
                    before: word(was),
                    after: word(Some(value)),
                });
            }
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_event_is_told_in_words() {
        assert_eq!(title("order.payment_captured"), "Payment captured");
        assert_eq!(title("odd"), "Odd");
        let data = json!({"payment": "p1", "amount": 1929, "after": {}, "lines": [1, 2]});
        let locale = Locale::of(&actix_web::test::TestRequest::default().to_http_request());
        let expected = [
            ("amount", "19.29\u{a0}GBP"),
            ("lines", "2"),
            ("payment", "p1"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(told(&locale, "GBP", &data), expected);
    }

    #[test]
    fn a_price_is_told_in_its_currency_however_it_was_given() {
        let locale = Locale::of(&actix_web::test::TestRequest::default().to_http_request());
        for (price, told) in [
            (json!(1929), Some("19.29\u{a0}GBP")),
            (json!("0.125"), Some("0.125\u{a0}GBP")),
            (json!(null), None),
        ] {
            let written = written(&locale, "GBP", "unit_price", &price);
            assert_eq!(written.as_deref(), told, "{price}");
        }
    }

    #[test]
    fn what_changed_is_what_differs_of_axes_and_sums() {
        let of = |payment: &str, captured: i64| {
            json!({"after": {"version": captured, "status": "placed", "payment_status": payment,
                "totals": {"total": 1929, "captured": captured}}})
        };
        let locale = Locale::of(&actix_web::test::TestRequest::default().to_http_request());
        let found = changes(&locale, "GBP", Some(&of("none", 0)), &of("paid", 1929));
        let told: Vec<_> = found.iter().map(|change| change.what.as_str()).collect();
        assert_eq!(told, ["payment status", "captured"]);
        assert_eq!(found[1].after.as_deref(), Some("19.29\u{a0}GBP"));
        assert!(changes(&locale, "GBP", None, &of("paid", 1)).is_empty());
    }
}
