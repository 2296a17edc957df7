//! The whole range by platform, by country, or by currency.

use super::{Scene, Shown, series::figure};
use crate::charts::{Bar, Bars};
use crate::pages::figures::{
    asked::Measure,
    call::Call,
    table::{Table, Value},
    told::{OrdersRow, Rows},
};

/// Bars of a picture; the table has all.
const MOST_BARS: usize = 10;

/// What rows are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// A sales channel.
    Platform,
    /// ISO 3166, of the shipping address.
    Country,
    /// ISO 4217.
    Currency,
}

impl Group {
    const fn word(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Country => "country",
            Self::Currency => "currency",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Platform => "Platform",
            Self::Country => "Country",
            Self::Currency => "Currency",
        }
    }

    fn of(self, row: &OrdersRow) -> &str {
        let name = match self {
            Self::Platform => row.platform.as_deref(),
            Self::Country => row.country.as_deref(),
            Self::Currency => Some(row.currency.as_str()),
        };
        name.unwrap_or_default()
    }
}

/// What it asks: amounts of one currency, or of each its orders.
pub fn call(scene: &Scene<'_>, group: Group) -> Call {
    let call = Call::of(&["orders"], scene.asked).with("group_by", group.word());
    match group {
        Group::Currency => call,
        Group::Platform | Group::Country => call.with("currency", scene.currency),
    }
}

/// What is shown of the answer.
pub fn shown(rows: &Rows<OrdersRow>, scene: &Scene<'_>, group: Group) -> Shown {
    // Amounts of two currencies cannot be held against one another.
    let measure = match group {
        Group::Currency => Measure::Orders,
        Group::Platform | Group::Country => scene.asked.measure,
    };
    let mut sorted: Vec<&OrdersRow> = rows.data.iter().collect();
    sorted.sort_by_key(|row| std::cmp::Reverse(figure(&row.sums, measure)));
    let bars = sorted.iter().take(MOST_BARS).map(|row| {
        let figure = figure(&row.sums, measure);
        Bar {
            name: group.of(row).to_owned(),
            figure: figure.unwrap_or(0),
            told: match (measure, figure) {
                (_, None) => "–".to_owned(),
                (Measure::Orders, Some(figure)) => scene.locale.count(figure),
                (_, Some(figure)) => scene.locale.money(figure, scene.currency),
            },
        }
    });
    let bars: Vec<Bar> = bars.collect();
    let title = format!("{} by {}", measure.title(), group.title().to_lowercase());
    let picture = Bars {
        title: &title,
        bars: &bars,
    };
    Shown {
        picture: picture.picture(),
        table: table(&sorted, scene, group, title.clone()),
    }
}

fn table(rows: &[&OrdersRow], scene: &Scene<'_>, group: Group, caption: String) -> Table {
    let name = (group.word(), group.title());
    if group == Group::Currency {
        let cells = rows.iter().map(|row| {
            let money = |minor| Value::MoneyOf(minor, row.currency.clone());
            vec![
                Value::Text(row.currency.clone()),
                Value::Count(row.sums.orders),
                money(row.sums.revenue),
                money(row.sums.refunded),
            ]
        });
        let heads = [
            name,
            ("orders", "Orders"),
            ("revenue", "Revenue"),
            ("refunded", "Refunds"),
        ];
        let table = scene.table(caption, &heads, cells.collect());
        return Table {
            currency: None,
            ..table
        };
    }
    let cells = rows.iter().map(|row| {
        vec![
            Value::Text(group.of(row).to_owned()),
            Value::Count(row.sums.orders),
            Value::Count(row.sums.units),
            Value::Money(row.sums.revenue),
            Value::money(row.sums.average_value),
            Value::Money(row.sums.refunded),
        ]
    });
    let heads = [
        name,
        ("orders", "Orders"),
        ("units", "Units"),
        ("revenue", "Revenue"),
        ("average_value", "Average value"),
        ("refunded", "Refunds"),
    ];
    scene.table(caption, &heads, cells.collect())
}
