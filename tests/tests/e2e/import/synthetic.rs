//! A made-up file of the format, for machines without the real one.

use std::fmt::Write as _;

/// The first line of such a file.
pub const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

/// How many invoices and lines a file has, and how many of the invoices are
/// stock movements of one line, which are no orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub invoices: u64,
    pub lines: u64,
    pub stock_movements: u64,
}

/// A file of `invoices` invoices over some weeks and countries, with credits,
/// stock movements, fractions of a penny and duplicate lines among them. The
/// same number makes the same file.
pub fn file(invoices: u64) -> (String, Shape) {
    let mut text = format!("{HEADER}\n");
    let mut shape = Shape {
        invoices,
        lines: 0,
        stock_movements: 0,
    };
    for number in 0..invoices {
        let lines = write_invoice(&mut text, number);
        shape.lines += lines;
        shape.stock_movements += u64::from(is_stock_movement(number));
    }
    (text, shape)
}

const fn is_stock_movement(number: u64) -> bool {
    number % 29 == 7
}

fn write_invoice(text: &mut String, number: u64) -> u64 {
    const COUNTRIES: [&str; 4] = ["United Kingdom", "France", "EIRE", "Channel Islands"];
    const PRICES: [&str; 5] = ["2.55", "0.125", "0.0", "17.5", "3"];
    // Any spread will do that is the same every time.
    let pick = |salt: u64, of: u64| (number * 7_919 + salt * 104_729) % of;
    let credit = number % 13 == 5 && !is_stock_movement(number);
    let (sign, letter) = if credit || is_stock_movement(number) {
        (-1, "C")
    } else {
        (1, "")
    };
    let letter = if is_stock_movement(number) {
        ""
    } else {
        letter
    };
    let lines = if is_stock_movement(number) {
        1
    } else {
        1 + pick(1, 5)
    };
    let (day, hour) = (1 + pick(2, 28), 8 + pick(3, 10));
    let country = COUNTRIES[usize::try_from(pick(4, 4)).unwrap_or_default()];
    let customer = if pick(5, 4) == 0 {
        String::new()
    } else {
        format!("{}.0", 90_000 + pick(6, 50))
    };
    for line in 0..lines {
        // The second line of an invoice is the first once more.
        let line = if line == 1 { 0 } else { line };
        let price = PRICES[usize::try_from(pick(7 + line, 5)).unwrap_or_default()];
        let quantity = sign * i64::try_from(1 + pick(9 + line, 12)).unwrap_or(1);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{letter}{},SKU{line},\"THING, NO {line} \",{quantity},2024-03-{day:02} {hour:02}:15:00,{price},{customer},{country}",
            900_000 + number
        );
    }
    lines
}
