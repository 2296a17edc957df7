//! One line of the file as one line of an invoice.

use super::country;
use super::fields::Fields;
use crate::import::body::LineBody;
use crate::import::decimal::{self, Style};
use crate::import::item::Reason;
use crate::import::window::{self, BadRow};
use contracts::order::UnitPrice;
use time::{
    OffsetDateTime, PrimitiveDateTime, format_description::BorrowedFormatItem,
    macros::format_description,
};

const COLUMNS: usize = 8;
/// Digits of the minor unit.
const PENCE: u8 = 2;
const DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// A row that makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) struct Row {
    /// Number of the line in the file, from 1.
    pub line: u64,
    /// Invoice number.
    pub invoice: String,
    /// What was sold.
    pub body: LineBody,
    /// When, UTC.
    pub at: OffsetDateTime,
    /// To whom.
    pub customer: Option<String>,
    /// ISO 3166-1 alpha-2, `ZZ` where unknown.
    pub country: &'static str,
}

impl window::Row for Row {
    fn line(&self) -> u64 {
        self.line
    }

    fn invoice(&self) -> &str {
        &self.invoice
    }
}

/// Reads the line that `fields` was split from.
pub(in crate::import) fn parse(line: u64, fields: &Fields) -> Result<Row, BadRow> {
    read(line, fields).map_err(|reason| BadRow {
        line,
        invoice: invoice_of(fields),
        reason,
    })
}

/// The invoice that a row with a mistake belongs to. With the wrong number of
/// columns the first may be anything: there it must look like a number.
fn invoice_of(fields: &Fields) -> Option<String> {
    let invoice = fields.get(0).ok().filter(|i| !i.trim().is_empty())?;
    let digits = invoice.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let usual = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (usual || fields.count() == COLUMNS).then(|| invoice.to_owned())
}

fn read(line: u64, fields: &Fields) -> Result<Row, Reason> {
    if fields.count() != COLUMNS {
        let detail = format!("{} columns instead of {COLUMNS}", fields.count());
        return Err(Reason::new("wrong_column_count", detail));
    }
    let invoice = fields.get(0)?;
    if invoice.trim().is_empty() {
        return Err(Reason::new(
            "empty_invoice",
            "the row has no invoice number",
        ));
    }
    Ok(Row {
        line,
        invoice: invoice.to_owned(),
        body: LineBody {
            sku: fields.get(1)?.to_owned(),
            name: fields.get(2)?.to_owned(),
            quantity: quantity(fields.get(3)?)?,
            unit_price: unit_price(fields.get(5)?)?,
            tax: 0,
            discount: 0,
        },
        at: date(fields.get(4)?)?,
        customer: customer(fields.get(6)?),
        country: country::code(fields.get(7)?),
    })
}

fn quantity(text: &str) -> Result<i64, Reason> {
    let wrong = |_| Reason::not("invalid_quantity", text, "an integer");
    text.parse().map_err(wrong)
}

fn date(text: &str) -> Result<OffsetDateTime, Reason> {
    let wrong = |_| Reason::not("invalid_date", text, "YYYY-MM-DD hh:mm:ss");
    let at = PrimitiveDateTime::parse(text, DATE).map_err(wrong)?;
    Ok(at.assume_utc())
}

fn unit_price(text: &str) -> Result<UnitPrice, Reason> {
    let wrong = || Reason::not("invalid_unit_price", text, "a decimal");
    decimal::unit_price(text, Style::PLAIN, PENCE).ok_or_else(wrong)
}

/// Customer numbers went through a floating-point column: `17850.0` is 17850.
fn customer(text: &str) -> Option<String> {
    let number = text
        .strip_suffix(".0")
        .filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
    Some(number.unwrap_or(text).to_owned()).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn parsed(text: &[u8]) -> Result<Row, BadRow> {
        let mut fields = Fields::new();
        fields.split(text);
        parse(2, &fields)
    }

    #[test]
    fn a_row_is_read_with_its_quotes() {
        let text = br#"536365,22139,"SET ""A"", WHITE ",-6,2010-12-01 08:26:00,0.125,17850.0,EIRE"#;
        let row = parsed(text).expect("a good row");
        let expected = Row {
            line: 2,
            invoice: "536365".into(),
            body: LineBody {
                sku: "22139".into(),
                name: "SET \"A\", WHITE ".into(),
                quantity: -6,
                unit_price: UnitPrice::Major("0.125".into()),
                tax: 0,
                discount: 0,
            },
            at: datetime!(2010-12-01 08:26:00 UTC),
            customer: Some("17850".into()),
            country: "IE",
        };
        assert_eq!(row, expected);
    }

    #[test]
    fn customers_lose_only_the_floating_point() {
        assert_eq!(customer("17850.0").as_deref(), Some("17850"));
        assert_eq!(customer("a.0").as_deref(), Some("a.0"));
        assert_eq!(customer(""), None);
    }

    #[test]
    fn each_mistake_has_its_code_and_keeps_its_invoice() {
        for (text, code, invoice) in [
            ("536365,1,n,1", "wrong_column_count", Some("536365")),
            ("junk,1,n,1", "wrong_column_count", None),
            (",1,n,1,2010-12-01 08:26:00,1,,", "empty_invoice", None),
            (
                "7,1,n,1.5,2010-12-01 08:26:00,1,,",
                "invalid_quantity",
                Some("7"),
            ),
            ("7,1,n,1,2010-13-01 08:26:00,1,,", "invalid_date", Some("7")),
            (
                "x y,1,n,1,01/12/2010 08:26,1,,",
                "invalid_date",
                Some("x y"),
            ),
            (
                "7,1,n,1,2010-12-01 08:26:00,free,,",
                "invalid_unit_price",
                Some("7"),
            ),
            (
                "7,1,\"n,1,2010-12-01 08:26:00,1,,",
                "wrong_column_count",
                Some("7"),
            ),
        ] {
            let bad = parsed(text.as_bytes()).expect_err(text);
            assert_eq!(bad.reason.code, code, "{text}");
            assert_eq!(bad.invoice.as_deref(), invoice, "{text}");
        }
        let bad = parsed(b"7,1,\xFF,1,2010-12-01 08:26:00,1,,").expect_err("no text");
        assert_eq!(bad.reason.code, "not_utf8");
    }
}
