//! Figures in rows: as a table of the page, and as a file.

use crate::{layout::table_box, locale::Locale};
use infra::csv::{END, push_text};
use maud::{Markup, html};

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Its name in the file: that of the API's field.
    pub name: &'static str,
    /// Its title on the page.
    pub title: &'static str,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Words.
    Text(String),
    /// Words that lead to a page of the console.
    Link(String, String),
    /// How many.
    Count(i64),
    /// Minor units of the table's currency.
    Money(i64),
    /// Minor units of this one.
    MoneyOf(i64, String),
    /// A share of one, in thousandths.
    Share(i64),
    /// How long.
    Seconds(i64),
    /// There is none.
    Nothing,
}

/// Figures in rows.
#[derive(Debug, Clone)]
pub struct Table {
    /// What they are.
    pub caption: String,
    /// The currency of its amounts; none where each has its own.
    pub currency: Option<String>,
    /// Its columns.
    pub heads: Vec<Head>,
    /// Its rows, each with a cell for each column.
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    /// The table of the page.
    pub fn html(&self, locale: &Locale) -> Markup {
        table_box(
            &self.caption,
            &html! {
                table.sums {
                    caption {
                        (self.caption)
                        @if let Some(currency) = &self.currency { ", amounts in " (currency) }
                    }
                    thead { tr {
                        @for head in &self.heads { th scope="col" { (head.title) } }
                    } }
                    tbody {
                        @for row in &self.rows { tr {
                            @for cell in row { (cell.html(locale, self.currency.as_deref())) }
                        } }
                    }
                }
            },
        )
    }

    /// The file: amounts in minor units, as the API has them, with a column that says
    /// of which currency.
    pub fn csv(&self) -> Vec<u8> {
        let mut written = Vec::new();
        for (nth, head) in self.heads.iter().enumerate() {
            comma(&mut written, nth);
            push_text(&mut written, head.name);
        }
        if self.currency.is_some() {
            written.extend_from_slice(b",currency");
        }
        written.extend_from_slice(END);
        for row in &self.rows {
            for (nth, cell) in row.iter().enumerate() {
                comma(&mut written, nth);
                cell.push(&mut written);
            }
            if let Some(currency) = &self.currency {
                written.push(b',');
                push_text(&mut written, currency);
            }
            written.extend_from_slice(END);
        }
        written
    }
}

/// Before every cell but the first.
fn comma(written: &mut Vec<u8>, nth: usize) {
    if nth > 0 {
        written.push(b',');
    }
}

impl Value {
    /// Words, or none.
    pub fn maybe(text: Option<String>) -> Self {
        text.map_or(Self::Nothing, Self::Text)
    }

    /// An amount, or none.
    pub fn money(minor: Option<i64>) -> Self {
        minor.map_or(Self::Nothing, Self::Money)
    }

    fn html(&self, locale: &Locale, currency: Option<&str>) -> Markup {
        let number = match self {
            Self::Text(text) => return html! { td.words { (text) } },
            Self::Link(text, path) => return html! { td.words { a href=(path) { (text) } } },
            Self::Count(count) => locale.count(*count),
            Self::Money(minor) => locale.amount(*minor, currency.unwrap_or_default()),
            Self::MoneyOf(minor, currency) => locale.amount(*minor, currency),
            Self::Share(thousandths) => locale.percent(*thousandths),
            Self::Seconds(seconds) => lasting(*seconds),
            Self::Nothing => "–".to_owned(),
        };
        html! { td { (number) } }
    }

    fn push(&self, written: &mut Vec<u8>) {
        match self {
            Self::Text(text) | Self::Link(text, _) => push_text(written, text),
            Self::Count(number)
            | Self::Money(number)
            | Self::MoneyOf(number, _)
            | Self::Seconds(number) => {
                written.extend_from_slice(number.to_string().as_bytes());
            }
            Self::Share(thousandths) => written.extend_from_slice(share(*thousandths).as_bytes()),
            Self::Nothing => {}
        }
    }
}

/// A share as programs write it: 0.125.
fn share(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let (whole, rest) = (thousandths.abs() / 1_000, thousandths.abs() % 1_000);
    format!("{sign}{whole}.{rest:03}")
}

/// How long something took, in its two greatest units.
pub fn lasting(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds.max(0);
    let mut parts = Vec::new();
    for (length, name) in UNITS {
        if rest >= length {
            parts.push(format!("{} {name}", rest / length));
            rest %= length;
        } else if !parts.is_empty() {
            // What comes after a unit that is left out is too small to be told.
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() {
        return "0 s".to_owned();
    }
    parts.join(" ")
}

/// `part` of `whole` in thousandths, the nearer one; none of nothing.
pub fn thousandths(part: i64, whole: i64) -> Option<i64> {
    if whole <= 0 {
        return None;
    }
    let (part, whole) = (i128::from(part), i128::from(whole));
    let nearest = (part * 2_000 + whole).div_euclid(2 * whole);
    i64::try_from(nearest).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_what_the_table_has_and_nothing_that_a_spreadsheet_would_run() {
        let head = |name| Head { name, title: "" };
        let table = Table {
            caption: "Products".into(),
            currency: Some("GBP".into()),
            heads: vec![head("sku"), head("amount"), head("share"), head("average")],
            rows: vec![
                vec![
                    Value::Link("=1+1".into(), "/console/orders".into()),
                    Value::Money(-1_250),
                    Value::Share(-125),
                    Value::Nothing,
                ],
                vec![
                    Value::Text("a,b".into()),
                    Value::Count(7),
                    Value::Share(1_000),
                    Value::Seconds(60),
                ],
            ],
        };
        let file = String::from_utf8(table.csv()).expect("UTF-8");
        assert_eq!(
            file,
            "sku,amount,share,average,currency\r\n\
             \"'=1+1\",-1250,-0.125,,GBP\r\n\
             \"a,b\",7,1.000,60,GBP\r\n"
        );
    }

    #[test]
    fn a_time_is_told_in_its_two_greatest_units() {
        for (seconds, told) in [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (3_600, "1 h"),
            (3_661, "1 h 1 min"),
            (86_400 + 59, "1 d"),
            (90_061, "1 d 1 h"),
            (-5, "0 s"),
        ] {
            assert_eq!(lasting(seconds), told, "{seconds}");
        }
    }

    #[test]
    fn shares_are_rounded_to_the_nearest() {
        assert_eq!(thousandths(1, 3), Some(333));
        assert_eq!(thousandths(2, 3), Some(667));
        assert_eq!(thousandths(-1, 2), Some(-500));
        assert_eq!(thousandths(5, 0), None);
        assert_eq!(thousandths(i64::MAX, 1), None);
    }
}
