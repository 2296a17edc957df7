//! One line of the file as one line of an invoice.

use super::{country, price};
use crate::import::body::LineBody;
use crate::import::item::Reason;
use csv_async::{AsyncReaderBuilder, ByteRecord, StringRecord};
use time::{
    OffsetDateTime, PrimitiveDateTime, format_description::BorrowedFormatItem,
    macros::format_description,
};

const COLUMNS: usize = 8;
const DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// A row that makes sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
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

/// A row that does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadRow {
    /// Number of the line in the file, from 1.
    pub line: u64,
    /// Invoice number, where it can be trusted to be one.
    pub invoice: Option<String>,
    /// What is wrong.
    pub reason: Reason,
}

/// Reads one line. Each line is parsed by itself: a quote left open spoils one
/// row and not all that follow, and no field of this format has line breaks.
pub(super) async fn parse(line: u64, text: &[u8]) -> Result<Row, BadRow> {
    let fields = split(text).await.map_err(|reason| BadRow {
        line,
        invoice: None,
        reason,
    })?;
    read(line, &fields).map_err(|reason| BadRow {
        line,
        invoice: invoice_of(&fields),
        reason,
    })
}

async fn split(text: &[u8]) -> Result<StringRecord, Reason> {
    let mut reader = AsyncReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(text.len().max(1))
        .create_reader(text);
    let mut record = ByteRecord::new();
    let read = reader.read_byte_record(&mut record).await;
    read.map_err(|error| Reason::new("not_csv", error.to_string()))?;
    StringRecord::from_byte_record(record)
        .map_err(|error| Reason::new("not_utf8", error.to_string()))
}

/// The invoice that a row with a mistake belongs to. With the wrong number of
/// columns the first may be anything: there it must look like a number.
fn invoice_of(fields: &StringRecord) -> Option<String> {
    let invoice = fields.get(0).filter(|i| !i.trim().is_empty())?;
    let digits = invoice.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let usual = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    (usual || fields.len() == COLUMNS).then(|| invoice.to_owned())
}

fn read(line: u64, fields: &StringRecord) -> Result<Row, Reason> {
    if fields.len() != COLUMNS {
        let detail = format!("{} columns instead of {COLUMNS}", fields.len());
        return Err(Reason::new("wrong_column_count", detail));
    }
    let field = |index: usize| fields.get(index).unwrap_or_default();
    if field(0).trim().is_empty() {
        return Err(Reason::new("empty_invoice", "the row has no invoice number"));
    }
    let quantity = field(3).parse().map_err(|_| {
        Reason::new("invalid_quantity", format!("{:?} is not an integer", field(3)))
    })?;
    let at = PrimitiveDateTime::parse(field(4), DATE).map_err(|_| {
        Reason::new("invalid_date", format!("{:?} is not YYYY-MM-DD hh:mm:ss", field(4)))
    })?;
    let unit_price = price::parse(field(5)).ok_or_else(|| {
        Reason::new("invalid_unit_price", format!("{:?} is not a decimal", field(5)))
    })?;
    Ok(Row {
        line,
        invoice: field(0).to_owned(),
        body: LineBody {
            sku: field(1).to_owned(),
            name: field(2).to_owned(),
            quantity,
            unit_price,
        },
        at: at.assume_utc(),
        customer: customer(field(6)),
        country: country::code(field(7)),
    })
}

/// Customer numbers went through a floating-point column: `17850.0` is 17850.
fn customer(text: &str) -> Option<String> {
    let number = text.strip_suffix(".0").filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
    Some(number.unwrap_or(text).to_owned()).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::order::UnitPrice;
    use time::macros::datetime;

    #[tokio::test]
    async fn a_row_is_read_with_its_quotes() {
        let text = br#"536365,22139,"SET ""A"", WHITE ",-6,2010-12-01 08:26:00,0.125,17850.0,EIRE"#;
        let row = parse(2, text).await.expect("a good row");
        let expected = Row {
            line: 2,
            invoice: "536365".into(),
            body: LineBody {
                sku: "22139".into(),
                name: "SET \"A\", WHITE ".into(),
                quantity: -6,
                unit_price: UnitPrice::Major("0.125".into()),
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

    #[tokio::test]
    async fn each_mistake_has_its_code_and_keeps_its_invoice() {
        for (text, code, invoice) in [
            ("536365,1,n,1", "wrong_column_count", Some("536365")),
            ("junk,1,n,1", "wrong_column_count", None),
            (",1,n,1,2010-12-01 08:26:00,1,,", "empty_invoice", None),
            ("7,1,n,1.5,2010-12-01 08:26:00,1,,", "invalid_quantity", Some("7")),
            ("7,1,n,1,2010-13-01 08:26:00,1,,", "invalid_date", Some("7")),
            ("x y,1,n,1,01/12/2010 08:26,1,,", "invalid_date", Some("x y")),
            ("7,1,n,1,2010-12-01 08:26:00,free,,", "invalid_unit_price", Some("7")),
            ("7,1,\"n,1,2010-12-01 08:26:00,1,,", "wrong_column_count", Some("7")),
        ] {
            let bad = parse(9, text.as_bytes()).await.expect_err(text);
            assert_eq!(bad.reason.code, code, "{text}");
            assert_eq!(bad.invoice.as_deref(), invoice, "{text}");
        }
        let bad = parse(9, b"7,1,\xFF,1,2010-12-01 08:26:00,1,,").await.expect_err("no text");
        assert_eq!(bad.reason.code, "not_utf8");
    }
}
