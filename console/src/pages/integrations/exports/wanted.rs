//! What people say of an export, in a form.

use crate::{
    Failure, Fields,
    pages::integrations::fields::{input, select, text},
};
use maud::{Markup, html};
use serde_json::{Map, Value, json};

/// What can be exported, and what people call it.
const KINDS: [(&str, &str); 3] = [
    ("orders", "Orders"),
    ("lines", "Lines of orders"),
    ("events", "Events of the log"),
];
const FORMATS: [(&str, &str); 3] = [
    ("csv", "CSV"),
    ("ndjson", "NDJSON"),
    ("parquet", "Parquet (packed within)"),
];
const PACKED: [(&str, &str); 3] = [("none", "not packed"), ("gzip", "gzip"), ("zstd", "zstd")];
/// Filters of orders and their lines.
const OF_ORDERS: [&str; 10] = [
    "platform",
    "status",
    "payment_status",
    "fulfillment_status",
    "country",
    "currency",
    "tag",
    "sku",
    "placed_from",
    "placed_to",
];
/// Filters of events.
const OF_EVENTS: [&str; 5] = ["platform", "type", "order", "recorded_from", "recorded_to"];

/// An export as it is wanted.
#[derive(Debug, Clone, Default)]
pub struct Wanted(Fields);

impl Wanted {
    /// As it was filled in.
    pub const fn filled_in(fields: Fields) -> Self {
        Self(fields)
    }

    /// The body of the request. Filters of the other kinds are left out.
    ///
    /// # Errors
    /// 400 where kind or format is missing.
    pub fn body(&self) -> Result<Value, Failure> {
        let fields = &self.0;
        let kind = fields.required("kind", "What")?;
        let format = fields.required("format", "The format")?;
        let names: &[&str] = match kind {
            "events" => &OF_EVENTS,
            _ => &OF_ORDERS,
        };
        let mut filters = Map::new();
        for name in names {
            // Several are separated by commas, as in the parameters of lists.
            let values = fields.one(name).unwrap_or_default().split(',');
            let values: Vec<&str> = values
                .map(str::trim)
                .filter(|one| !one.is_empty())
                .collect();
            match values[..] {
                [] => {}
                [one] => {
                    filters.insert((*name).to_owned(), json!(one));
                }
                _ => {
                    filters.insert((*name).to_owned(), json!(values));
                }
            }
        }
        let mut body = json!({ "kind": kind, "format": format, "filters": filters });
        // Parquet is packed within, and takes nothing else.
        if let Some(packed) = fields.one("compression").filter(|_| format != "parquet") {
            body["compression"] = json!(packed);
        }
        Ok(body)
    }

    /// The fields that it is filled in by.
    pub fn fields(&self) -> Markup {
        let value = |name| self.0.one(name);
        let several = "Several are separated by commas.";
        html! {
            div.filters {
                (select("What", "kind", &KINDS, value("kind")))
                (select("Format", "format", &FORMATS, value("format")))
                (select("Packed", "compression", &PACKED, value("compression")))
                (text("Platform", "platform", value("platform"), several))
            }
            fieldset.field {
                legend { "Of which orders" }
                div.filters {
                    (text("Status", "status", value("status"), "open, cancelled, …"))
                    (text("Payment", "payment_status", value("payment_status"), "paid, refunded, …"))
                    (text("Fulfilment", "fulfillment_status", value("fulfillment_status"), "fulfilled, …"))
                    (text("Country", "country", value("country"), "DE, GB, …"))
                    (text("Currency", "currency", value("currency"), "EUR, …"))
                    (text("Tag", "tag", value("tag"), ""))
                    (text("SKU", "sku", value("sku"), ""))
                    (input("Placed from (UTC)", "placed_from", ("date", value("placed_from")), "", false))
                    (input("Placed before (UTC)", "placed_to", ("date", value("placed_to")), "", false))
                }
            }
            fieldset.field {
                legend { "Of which events" }
                div.filters {
                    (text("Type", "type", value("type"), "order.placed, …"))
                    (text("Order id", "order", value("order"), ""))
                    (input("Recorded from (UTC)", "recorded_from", ("date", value("recorded_from")), "", false))
                    (input("Recorded before (UTC)", "recorded_to", ("date", value("recorded_to")), "", false))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(pairs: &[(&str, &str)]) -> Option<Value> {
        Wanted::filled_in(Fields::filled_in(pairs)).body().ok()
    }

    #[test]
    fn filters_are_those_of_the_kind_that_were_filled_in() {
        let orders = [
            ("kind", "orders"),
            ("format", "csv"),
            ("compression", "gzip"),
            ("platform", "web, shop"),
            ("country", "DE"),
            ("type", "order.placed"),
            ("tag", " "),
        ];
        assert_eq!(
            body(&orders),
            Some(json!({
                "kind": "orders", "format": "csv", "compression": "gzip",
                "filters": {"platform": ["web", "shop"], "country": "DE"},
            }))
        );
        let events = [
            ("kind", "events"),
            ("format", "parquet"),
            ("compression", "none"),
            ("country", "DE"),
            ("type", "order.placed"),
        ];
        assert_eq!(
            body(&events),
            Some(json!({
                "kind": "events", "format": "parquet", "filters": {"type": "order.placed"},
            }))
        );
        assert_eq!(body(&[("kind", "orders")]), None);
    }
}
