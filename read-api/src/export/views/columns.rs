//! The columns of the views' exports. They are documented in the description
//! of the routes, and a column once published is not renamed.

use super::store;
use crate::export::{
    error::ExportError,
    sheet::{Cell, Column, Kind, Sheet},
};
use contracts::order::Totals;
use serde::Deserialize;
use sqlx::{Row as _, postgres::PgRow};
use std::borrow::Cow;

/// What a row is made of.
pub struct Table {
    columns: &'static [Field],
    /// What stands beside `o`, the order, in the statement.
    pub beside: &'static str,
}

struct Field {
    column: Column,
    from: Origin,
}

/// Where a cell comes from.
enum Origin {
    /// An expression of SQL.
    Row(&'static str),
    /// The JSON of lists, which has more than there are columns for.
    Summary(fn(&Summary<'_>) -> Option<i64>),
    /// The same, of text.
    Told(for<'a> fn(&'a Summary<'_>) -> Option<&'a str>),
}

/// What of a summary has no column.
#[derive(Deserialize)]
struct Summary<'a> {
    #[serde(borrow)]
    customer: Option<Customer<'a>>,
    line_count: i64,
    totals: Totals,
}

#[derive(Deserialize)]
struct Customer<'a> {
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    email: Option<Cow<'a, str>>,
}

const fn row(name: &'static str, kind: Kind, expression: &'static str) -> Field {
    Field {
        column: Column { name, kind },
        from: Origin::Row(expression),
    }
}

const fn sum(name: &'static str, of: fn(&Summary<'_>) -> Option<i64>) -> Field {
    Field {
        column: Column {
            name,
            kind: Kind::Whole,
        },
        from: Origin::Summary(of),
    }
}

const fn told(name: &'static str, of: for<'a> fn(&'a Summary<'_>) -> Option<&'a str>) -> Field {
    Field {
        column: Column {
            name,
            kind: Kind::Text,
        },
        from: Origin::Told(of),
    }
}

/// Drafts have none.
const PLACED_AT: Field = row(
    "placed_at",
    Kind::Time,
    "CASE WHEN o.placed THEN o.placed_at END",
);

/// A row for each order: what lists say of it, flat, with when it came to each
/// state.
pub const ORDERS: Table = Table {
    columns: &[
        row("id", Kind::Id, "o.id"),
        row("number", Kind::Text, "o.number"),
        row("version", Kind::Whole, "o.version"),
        row("platform", Kind::Text, "o.platform"),
        row("external_id", Kind::Text, "o.external_id"),
        row("kind", Kind::Text, "o.kind"),
        row("status", Kind::Text, "o.status"),
        row("payment_status", Kind::Text, "o.payment_status"),
        row("fulfillment_status", Kind::Text, "o.fulfillment_status"),
        row("return_status", Kind::Text, "o.return_status"),
        row("confirmed", Kind::Yes, "o.confirmed"),
        row("archived", Kind::Yes, "o.archived"),
        row("hold_count", Kind::Whole, "o.hold_count"),
        row("customer_id", Kind::Text, "o.customer_id"),
        told("customer_name", |summary| {
            summary.customer.as_ref()?.name.as_deref()
        }),
        told("customer_email", |summary| {
            summary.customer.as_ref()?.email.as_deref()
        }),
        row("country", Kind::Text, "o.country"),
        sum("line_count", |summary| Some(summary.line_count)),
        row("units", Kind::Whole, "o.units"),
        row("currency", Kind::Text, "o.currency"),
        sum("items", |summary| Some(summary.totals.items)),
        sum("discounts", |summary| Some(summary.totals.discounts)),
        sum("shipping", |summary| Some(summary.totals.shipping)),
        sum("tax", |summary| Some(summary.totals.tax)),
        sum("included_tax", |summary| Some(summary.totals.included_tax)),
        row("total", Kind::Whole, "o.total"),
        sum("credited", |summary| Some(summary.totals.credited)),
        row("captured", Kind::Whole, "o.captured"),
        row("refunded", Kind::Whole, "o.refunded"),
        sum("charged_back", |summary| Some(summary.totals.charged_back)),
        row("balance_due", Kind::Whole, "o.balance_due"),
        // A list in one cell: JSON, as any separator may be part of a label.
        row(
            "tags",
            Kind::Text,
            "CASE WHEN o.tags <> '{}' THEN array_to_json(o.tags)::text END",
        ),
        row("created_at", Kind::Time, "o.created_at"),
        PLACED_AT,
        row("updated_at", Kind::Time, "o.updated_at"),
        row("confirmed_at", Kind::Time, "o.confirmed_at"),
        row("paid_at", Kind::Time, "o.paid_at"),
        row("shipped_at", Kind::Time, "o.shipped_at"),
        row("delivered_at", Kind::Time, "o.delivered_at"),
        row("return_requested_at", Kind::Time, "o.return_requested_at"),
        row("refunded_at", Kind::Time, "o.refunded_at"),
        row("cancelled_at", Kind::Time, "o.cancelled_at"),
    ],
    beside: "",
};

/// A row for each line, with what tells its order.
pub const LINES: Table = Table {
    columns: &[
        row("order_id", Kind::Id, "o.id"),
        row("order_number", Kind::Text, "o.number"),
        row("platform", Kind::Text, "o.platform"),
        row("external_id", Kind::Text, "o.external_id"),
        row("kind", Kind::Text, "o.kind"),
        row("status", Kind::Text, "o.status"),
        row("country", Kind::Text, "o.country"),
        PLACED_AT,
        row("line", Kind::Text, "l.line_id"),
        row("sku", Kind::Text, "l.sku"),
        row("name", Kind::Text, "l.name"),
        row("quantity", Kind::Whole, "l.quantity"),
        row("cancelled_quantity", Kind::Whole, "l.cancelled_quantity"),
        row("fulfilled_quantity", Kind::Whole, "l.fulfilled_quantity"),
        row("shipped_quantity", Kind::Whole, "l.shipped_quantity"),
        row("delivered_quantity", Kind::Whole, "l.delivered_quantity"),
        row(
            "return_requested_quantity",
            Kind::Whole,
            "l.return_requested_quantity",
        ),
        row("returned_quantity", Kind::Whole, "l.returned_quantity"),
        row("currency", Kind::Text, "o.currency"),
        row("unit_price", Kind::Whole, "l.unit_price"),
        row(
            "unit_price_major",
            Kind::Decimal,
            "l.unit_price_major::text",
        ),
        row("amount", Kind::Whole, "l.amount"),
        row("discount", Kind::Whole, "l.discount"),
        row("allocated_discount", Kind::Whole, "l.allocated_discount"),
        row("tax", Kind::Whole, "l.tax"),
    ],
    // Order by order: a join of both tables at once would have to read one of
    // them before its first row.
    beside: " CROSS JOIN LATERAL \
        (SELECT * FROM order_lines WHERE order_id = o.id ORDER BY line_no) l",
};

impl Table {
    /// The columns.
    pub fn columns(&self) -> Vec<Column> {
        self.columns.iter().map(|field| field.column).collect()
    }

    /// What is read for them: the summary last, if anything comes from it.
    pub fn expressions(&self) -> String {
        let rows = self.columns.iter().filter_map(|field| match field.from {
            Origin::Row(expression) => Some(expression),
            Origin::Summary(_) | Origin::Told(_) => None,
        });
        let summary = self.has_summary().then_some("o.summary");
        rows.chain(summary).collect::<Vec<_>>().join(", ")
    }

    fn has_summary(&self) -> bool {
        let is_summary = |field: &Field| !matches!(field.from, Origin::Row(_));
        self.columns.iter().any(is_summary)
    }

    /// One row of the statement.
    pub fn write(&self, row: &PgRow, sheet: &mut Sheet) -> Result<(), ExportError> {
        let read = row.len();
        let summary: Option<Summary<'_>> = if self.has_summary() {
            Some(serde_json::from_str(store::text(row, read - 1)?)?)
        } else {
            None
        };
        let mut index = 0;
        for Field { column, from } in self.columns {
            let cell = match from {
                Origin::Row(_) => {
                    index += 1;
                    store::cell(row, index - 1, column.kind)?
                }
                Origin::Summary(of) => summary
                    .as_ref()
                    .and_then(of)
                    .map_or(Cell::None, Cell::Whole),
                Origin::Told(of) => {
                    let told = summary.as_ref().and_then(|summary| of(summary));
                    told.map_or(Cell::None, Cell::Text)
                }
            };
            sheet.cell(cell)?;
        }
        sheet.end_row()
    }
}
