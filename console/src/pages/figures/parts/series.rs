//! One measure by hour, day, week or month, beside the range before.

use super::{Scene, Shown};
use crate::charts::{Column, Columns};
use crate::pages::figures::{
    asked::Measure,
    call::Call,
    table::Value,
    told::{OrdersRow, Rows, Sums},
};

/// What it asks.
pub fn call(scene: &Scene<'_>) -> Call {
    Call::of(&["orders"], scene.asked)
        .with("interval", scene.asked.interval.word())
        .with("currency", scene.currency)
        .with("fill", "zeros")
        .with("compare", "previous_period")
}

/// What is shown of the answer.
pub fn shown(rows: &Rows<OrdersRow>, scene: &Scene<'_>) -> Shown {
    let (measure, currency) = (scene.asked.measure, scene.currency);
    let told = |figure: i64| match measure {
        Measure::Orders => scene.locale.count(figure),
        _ => scene.locale.amount(figure, currency),
    };
    let columns: Vec<Column> = rows
        .data
        .iter()
        .map(|row| Column {
            name: scene.zone.period(row.period.as_deref().unwrap_or_default()),
            figure: figure(&row.sums, measure),
            before: row.previous.and_then(|before| figure(&before, measure)),
        })
        .collect();
    let interval = scene.asked.interval.title().to_lowercase();
    let unit = match measure {
        Measure::Orders => String::new(),
        _ => format!(" in {currency}"),
    };
    let title = format!(
        "{}{unit} by {interval}, each with a line where the range before stood",
        measure.title()
    );
    let picture = Columns {
        title: &title,
        columns: &columns,
        told: &told,
    };
    let cells = rows.data.iter().map(|row| {
        let before = row.previous;
        vec![
            Value::Text(scene.zone.period(row.period.as_deref().unwrap_or_default())),
            Value::Count(row.sums.orders),
            Value::Money(row.sums.revenue),
            Value::money(row.sums.average_value),
            Value::Money(row.sums.refunded),
            before.map_or(Value::Nothing, |before| Value::Count(before.orders)),
            Value::money(before.map(|before| before.revenue)),
            Value::money(before.and_then(|before| before.average_value)),
            Value::money(before.map(|before| before.refunded)),
        ]
    });
    let heads = [
        ("period", "Period"),
        ("orders", "Orders"),
        ("revenue", "Revenue"),
        ("average_value", "Average value"),
        ("refunded", "Refunds"),
        ("previous_orders", "Orders before"),
        ("previous_revenue", "Revenue before"),
        ("previous_average_value", "Average before"),
        ("previous_refunded", "Refunds before"),
    ];
    Shown {
        picture: picture.picture(),
        table: scene.table(format!("By {interval}"), &heads, cells.collect()),
    }
}

/// A measure of some sums; none where an average is one of nothing.
pub const fn figure(sums: &Sums, measure: Measure) -> Option<i64> {
    match measure {
        Measure::Revenue => Some(sums.revenue),
        Measure::Orders => Some(sums.orders),
        Measure::Average => sums.average_value,
        Measure::Refunds => Some(sums.refunded),
    }
}
