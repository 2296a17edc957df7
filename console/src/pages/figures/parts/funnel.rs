//! How far orders come, and how long it takes them.

use super::{Scene, Shown};
use crate::charts::{Bar, Bars};
use crate::pages::figures::{
    call::Call,
    table::{Table, Value, thousandths},
    told::{FunnelRow, Rows},
};

/// The steps from placing on, in the order in which they are usually taken.
const STEPS: [(&str, &str); 8] = [
    ("placed", "Placed"),
    ("placed_confirmed", "Confirmed"),
    ("placed_paid", "Paid"),
    ("placed_shipped", "Shipped"),
    ("placed_delivered", "Delivered"),
    ("placed_return_requested", "Return requested"),
    ("placed_refunded", "Refunded"),
    ("placed_cancelled", "Cancelled"),
];

/// What it asks. Sales of all currencies: it counts them.
pub fn call(scene: &Scene<'_>) -> Call {
    Call::of(&["funnel"], scene.asked)
}

/// What is shown of the answer.
pub fn shown(rows: &Rows<FunnelRow>, scene: &Scene<'_>) -> Shown {
    let find = |step: &str| rows.data.iter().find(|row| row.step == step);
    let placed = find("placed").map_or(0, |row| row.orders);
    let steps = STEPS
        .iter()
        .map(|(step, title)| (*step, *title, find(step)));
    let bars = steps.clone().map(|(_, title, row)| {
        let orders = row.map_or(0, |row| row.orders);
        let share = thousandths(orders, placed);
        let share = share.map(|share| format!(" ({})", scene.locale.percent(share)));
        Bar {
            name: title.to_owned(),
            figure: orders,
            told: scene.locale.count(orders) + &share.unwrap_or_default(),
        }
    });
    let bars: Vec<Bar> = bars.collect();
    let cells = steps.map(|(step, _, row)| {
        let orders = row.map_or(0, |row| row.orders);
        let seconds = |told: Option<i64>| told.map_or(Value::Nothing, Value::Seconds);
        vec![
            Value::Text(step.to_owned()),
            Value::Count(orders),
            thousandths(orders, placed).map_or(Value::Nothing, Value::Share),
            seconds(row.and_then(|row| row.average_seconds)),
            seconds(row.map(|row| row.p50_seconds)),
            seconds(row.map(|row| row.p90_seconds)),
        ]
    });
    let heads = [
        ("step", "Step"),
        ("orders", "Orders"),
        ("share", "Of those placed"),
        ("average_seconds", "On average after"),
        ("p50_seconds", "Half of them within"),
        ("p90_seconds", "Nine of ten within"),
    ];
    let title = "Sales that came to each state, of those placed in the range";
    Shown {
        picture: Bars { title, bars: &bars }.picture(),
        table: Table {
            currency: None,
            ..scene.table(title, &heads, cells.collect())
        },
    }
}
