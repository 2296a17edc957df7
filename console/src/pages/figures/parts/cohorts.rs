//! Customers by the month of their first sale, and which part of them ordered again.

use super::{Scene, Shown};
use crate::charts::{Cell, Grid};
use crate::pages::figures::{
    asked::{Asked, eleven_months_before},
    call::Call,
    table::{Value, thousandths},
    told::{CohortRow, Rows},
};
use std::collections::BTreeMap;

/// Rows and columns of the picture; the table has all.
const MOST: usize = 12;

/// What it asks: a cohort is one of a month, so the year up to the last day at least.
pub fn call(scene: &Scene<'_>) -> Call {
    let year = eleven_months_before(scene.asked.through);
    let asked = Asked {
        from: scene.asked.from.min(year),
        ..scene.asked.clone()
    };
    Call::of(&["customers", "cohorts"], &asked).with("currency", scene.currency)
}

/// What is shown of the answer.
pub fn shown(rows: &Rows<CohortRow>, scene: &Scene<'_>) -> Shown {
    let cells = rows.data.iter().map(|row| {
        vec![
            Value::Text(month(&row.cohort)),
            Value::Count(row.size),
            Value::Count(i64::from(row.months_since)),
            Value::Count(row.customers),
            thousandths(row.customers, row.size).map_or(Value::Nothing, Value::Share),
            Value::Count(row.orders),
            Value::Money(row.revenue),
        ]
    });
    let heads = [
        ("cohort", "First sale"),
        ("size", "Customers"),
        ("months_since", "Months after"),
        ("customers", "Ordered"),
        ("share", "Part of them"),
        ("orders", "Orders"),
        ("revenue", "Revenue"),
    ];
    let title = "Part of the customers of each month who ordered so many months later";
    Shown {
        picture: picture(&rows.data, title),
        table: scene.table(title, &heads, cells.collect()),
    }
}

fn picture(rows: &[CohortRow], title: &str) -> maud::Markup {
    let mut cohorts: BTreeMap<&str, Vec<&CohortRow>> = BTreeMap::new();
    for row in rows {
        cohorts.entry(&row.cohort).or_default().push(row);
    }
    // The newest twelve.
    let skipped = cohorts.len().saturating_sub(MOST);
    let newest: Vec<_> = cohorts.into_iter().skip(skipped).collect();
    let mut cells = Vec::new();
    for (nth, (_, months)) in newest.iter().enumerate() {
        cells.extend(months.iter().filter_map(|row| cell(nth, row)));
    }
    let widest = cells.iter().map(|cell| cell.at.1 + 1).max().unwrap_or(0);
    let names: Vec<String> = newest
        .iter()
        .map(|(cohort, months)| {
            let size = months.first().map_or(0, |row| row.size);
            format!("{} ({size})", month(cohort))
        })
        .collect();
    let columns: Vec<String> = (0..widest).map(|month| format!("+{month}")).collect();
    let grid = Grid {
        title,
        rows: &names,
        columns: &columns,
        cells: &cells,
    };
    grid.picture()
}

fn cell(row: usize, of: &CohortRow) -> Option<Cell> {
    let column = usize::try_from(of.months_since).ok()?;
    let share = thousandths(of.customers, of.size)?;
    // To the nearest hundredth.
    let percent = u8::try_from((share + 5) / 10).ok()?;
    (column < MOST).then_some(Cell {
        at: (row, column),
        percent,
    })
}

/// `2026-01-01` as `2026-01`.
fn month(day: &str) -> String {
    day.get(..7).unwrap_or(day).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cohort: &str, months_since: i32, customers: i64) -> CohortRow {
        CohortRow {
            cohort: cohort.into(),
            size: 3,
            months_since,
            customers,
            orders: customers,
            revenue: 0,
        }
    }

    #[test]
    fn a_cell_is_the_part_of_its_cohort_that_came_back() {
        let told = |row| cell(0, &row).map(|cell| (cell.at.1, cell.percent));
        assert_eq!(told(row("2026-01-01", 0, 3)), Some((0, 100)));
        assert_eq!(told(row("2026-01-01", 2, 1)), Some((2, 33)));
        assert_eq!(told(row("2026-01-01", 12, 1)), None, "no room");
    }

    #[test]
    fn the_newest_cohorts_are_drawn() {
        let months = (1..=12).map(|month| format!("2025-{month:02}-01"));
        let months = months.chain(["2026-01-01".to_owned()]);
        let rows: Vec<_> = months.map(|month| row(&month, 0, 3)).collect();
        let svg = picture(&rows, "Cohorts").into_string();
        assert!(svg.contains("2026-01 (3)") && svg.contains("2025-02 (3)"));
        assert!(!svg.contains("2025-01"), "{svg}");
    }
}
