//! What an export is, read back.

use actix_web::web::Bytes;
use anyhow::{Context as _, Result, ensure};
use parquet::{
    file::reader::{FileReader as _, SerializedFileReader},
    record::Field,
};
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;
use std::collections::BTreeMap;
use tests::Api;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// An answer, read to its end.
pub struct File {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Rows as text, by column; without what is empty.
pub type Rows = Vec<BTreeMap<String, String>>;

/// What an export says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    pub count: usize,
    pub position: String,
    pub as_of: String,
}

/// An export that has to be one.
pub async fn export(api: &Api, path: &str) -> Result<File> {
    export_coded(api, path, "identity").await
}

/// The same, as a client that accepts this.
pub async fn export_coded(api: &Api, path: &str, accepted: &str) -> Result<File> {
    let request = api.request(Method::GET, path);
    let request = request.header("Accept-Encoding", accepted);
    let response = request
        .header("Prefer", "wait=20, handling=strict")
        .send()
        .await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await?.to_vec();
    ensure!(status == 200, "{status} {}", String::from_utf8_lossy(&body));
    Ok(File { headers, body })
}

impl File {
    /// A header as text; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// Lines of NDJSON, but for the trailer.
    pub fn lines(&self) -> Result<(Vec<String>, Trailer)> {
        let (lines, trailer) = of_ndjson(&self.body)?;
        self.check(&trailer, lines.len())?;
        Ok((lines, trailer))
    }

    /// Rows of NDJSON, CSV or Parquet.
    pub fn rows(&self) -> Result<(Rows, Trailer)> {
        let (rows, trailer) = self.content()?;
        self.check(&trailer, rows.len())?;
        Ok((rows, trailer))
    }

    /// The same, whatever the headers say of it.
    pub fn content(&self) -> Result<(Rows, Trailer)> {
        match self.header("content-type") {
            "application/x-ndjson" => {
                let (lines, trailer) = of_ndjson(&self.body)?;
                let rows = lines.iter().map(|line| of_json(line));
                Ok((rows.collect::<Result<_>>()?, trailer))
            }
            "text/csv; charset=utf-8; header=present" => of_csv(&self.body),
            "application/vnd.apache.parquet" => of_parquet(&self.body),
            other => anyhow::bail!("what is {other}?"),
        }
    }

    /// How many row groups a Parquet file has.
    pub fn row_groups(&self) -> Result<usize> {
        let body = Bytes::from(self.body.clone());
        let file = SerializedFileReader::new(body)?;
        Ok(file.metadata().num_row_groups())
    }

    fn check(&self, trailer: &Trailer, rows: usize) -> Result<()> {
        ensure!(trailer.count == rows, "{trailer:?} of {rows} rows");
        ensure!(self.header("orderlog-position") == trailer.position);
        ensure!(self.header("orderlog-as-of") == trailer.as_of);
        OffsetDateTime::parse(&trailer.as_of, &Rfc3339)?;
        Ok(())
    }
}

fn of_ndjson(body: &[u8]) -> Result<(Vec<String>, Trailer)> {
    let text = std::str::from_utf8(body)?;
    ensure!(text.ends_with('\n'), "the last line has no end");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let last: Value = serde_json::from_str(&lines.pop().context("nothing")?)?;
    let text = |name: &str| last["trailer"][name].as_str().map(str::to_owned);
    let count = last["trailer"]["count"].as_u64().context("no count")?;
    let trailer = Trailer {
        count: usize::try_from(count)?,
        position: text("position").context("no position")?,
        as_of: text("as_of").context("no moment")?,
    };
    Ok((lines, trailer))
}

fn of_json(line: &str) -> Result<BTreeMap<String, String>> {
    let row: BTreeMap<String, Value> = serde_json::from_str(line)?;
    let text = |value: Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    };
    let cells = row.into_iter().map(|(name, value)| (name, text(value)));
    Ok(cells.filter(|(_, cell)| !cell.is_empty()).collect())
}

fn of_csv(body: &[u8]) -> Result<(Rows, Trailer)> {
    let text = std::str::from_utf8(body)?;
    let mut records = records(text)?;
    let last = records.pop().context("nothing")?;
    ensure!(last.first().is_some_and(|cell| cell == "#trailer"));
    let names = records.first().context("no header")?.clone();
    ensure!(last.len() == names.len(), "the trailer has other cells");
    let told = |name: &str| {
        let mut cells = last.iter();
        let value = cells.find_map(|cell| cell.strip_prefix(name)?.strip_prefix('='));
        value.map(str::to_owned).context("something is not told")
    };
    let trailer = Trailer {
        count: told("count")?.parse()?,
        position: told("position")?,
        as_of: told("as_of")?,
    };
    let row = |record: &Vec<String>| -> Result<BTreeMap<String, String>> {
        ensure!(record.len() == names.len(), "{record:?}");
        let cells = names.iter().cloned().zip(record.iter().cloned());
        Ok(cells.filter(|(_, cell)| !cell.is_empty()).collect())
    };
    let rows = records.iter().skip(1).map(row);
    Ok((rows.collect::<Result<_>>()?, trailer))
}

/// RFC 4180, strictly.
fn records(text: &str) -> Result<Vec<Vec<String>>> {
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut letters = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' if quoted => quoted = false,
            '"' => {
                ensure!(cell.is_empty(), "a quote within {cell:?}");
                quoted = true;
            }
            ',' if !quoted => record.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {
                ensure!(letters.next() == Some('\n'), "a record has no end");
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            letter => cell.push(letter),
        }
    }
    ensure!(record.is_empty() && cell.is_empty() && !quoted, "{cell:?}");
    Ok(records)
}

fn of_parquet(body: &[u8]) -> Result<(Rows, Trailer)> {
    let file = SerializedFileReader::new(Bytes::copy_from_slice(body))?;
    let metadata = file.metadata().file_metadata();
    let told = |key: &str| {
        let mut pairs = metadata.key_value_metadata().into_iter().flatten();
        let pair = pairs.find(|pair| pair.key == key);
        let value = pair.and_then(|pair| pair.value.clone());
        value.context("something is not told")
    };
    let trailer = Trailer {
        count: told("orderlog.count")?.parse()?,
        position: told("orderlog.position")?,
        as_of: told("orderlog.as_of")?,
    };
    let mut rows = Rows::new();
    for row in file.get_row_iter(None)? {
        let row = row?;
        let mut cells = BTreeMap::new();
        for (name, field) in row.get_column_iter() {
            let text = text(field)?;
            if !text.is_empty() {
                cells.insert(name.clone(), text);
            }
        }
        rows.push(cells);
    }
    Ok((rows, trailer))
}

fn text(field: &Field) -> Result<String> {
    Ok(match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Long(number) => number.to_string(),
        Field::Bool(yes) => yes.to_string(),
        Field::TimestampMicros(micros) => {
            let nanos = i128::from(*micros) * 1_000;
            OffsetDateTime::from_unix_timestamp_nanos(nanos)?.format(&Rfc3339)?
        }
        other => anyhow::bail!("a cell {other:?}"),
    })
}
