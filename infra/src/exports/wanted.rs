//! What can be asked for.

use super::FOLDER;
use crate::http::coding::Coding;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::{OffsetDateTime, macros::format_description};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportKind {
    /// A row for each order; as NDJSON their documents.
    Orders,
    /// A row for each line of the orders.
    Lines,
    /// A row for each event of the log.
    Events,
}

impl ExportKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Orders, Self::Lines, Self::Events];

    /// As it is stored and told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Lines => "lines",
            Self::Events => "events",
        }
    }
}

/// What an export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// One JSON object a line; the last one is the trailer.
    Ndjson,
    /// RFC 4180, with a header; the last record is the trailer.
    Csv,
    /// Apache Parquet; the trailer is in the footer.
    Parquet,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ndjson, Self::Csv, Self::Parquet];

    /// The end of paths and file names; also as it is stored and told.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// What `Content-Type` says.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// Whether it is worth compressing: Parquet is already.
    pub const fn is_compressible(self) -> bool {
        !matches!(self, Self::Parquet)
    }
}

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportCompression {
    /// Not at all.
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878); of Parquet within the file.
    Zstd,
}

impl ExportCompression {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Gzip, Self::Zstd];

    /// As it is stored and told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// That of a format which nobody said one for.
    pub const fn usual(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Parquet => Self::Zstd,
            ExportFormat::Ndjson | ExportFormat::Csv => Self::None,
        }
    }

    /// Whether a format can be packed so.
    pub fn suits(self, format: ExportFormat) -> bool {
        format.is_compressible() || self == Self::Zstd
    }
}

/// Values of a filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum FilterValue {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// One of several texts.
    Several(Vec<String>),
}

impl FilterValue {
    /// Its values, as parameters of lists have them.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.clone()],
            Self::Number(number) => vec![number.to_string()],
            Self::Flag(flag) => vec![flag.to_string()],
            Self::Several(texts) => texts.clone(),
        }
    }
}

/// Filters by their names, as parameters of lists.
pub type Filters = BTreeMap<String, FilterValue>;

/// An export as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What.
    pub kind: ExportKind,
    /// As what.
    pub format: ExportFormat,
    /// How packed.
    pub compression: ExportCompression,
    /// Of which rows.
    pub filters: Filters,
    /// Which fields of documents; empty: all of them.
    pub fields: Vec<String>,
}

impl Wanted {
    /// The same as parameters of the streamed export.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let filters = self.filters.iter();
        let mut pairs: Vec<(String, String)> = filters
            .flat_map(|(name, value)| value.texts().into_iter().map(|text| (name.clone(), text)))
            .collect();
        if !self.fields.is_empty() {
            pairs.push(("fields".to_owned(), self.fields.join(",")));
        }
        pairs
    }

    /// What is done to the bytes of the format.
    pub fn coding(&self) -> Option<Coding> {
        let coding = match self.compression {
            ExportCompression::None => None,
            ExportCompression::Gzip => Some(Coding::Gzip),
            ExportCompression::Zstd => Some(Coding::Zstd),
        };
        coding.filter(|_| self.format.is_compressible())
    }

    /// What `Content-Type` says of the file. A packed file is one to be kept as
    /// it is, so its packing is its type and no content coding.
    pub fn media_type(&self) -> &'static str {
        match self.coding() {
            Some(Coding::Gzip) => "application/gzip",
            Some(_) => "application/zstd",
            None => self.format.media_type(),
        }
    }

    /// What file names end with.
    pub fn extension(&self) -> String {
        let format = self.format.extension();
        match self.coding() {
            Some(Coding::Gzip) => format!("{format}.gz"),
            Some(_) => format!("{format}.zst"),
            None => format.to_owned(),
        }
    }

    /// A file name that sorts by time.
    pub fn file_name(&self, as_of: OffsetDateTime) -> String {
        let form = format_description!("[year][month][day]T[hour][minute][second]Z");
        let time = as_of.format(form).unwrap_or_default();
        format!("{}-{time}.{}", self.kind.name(), self.extension())
    }

    /// The name of the object that an attempt writes.
    pub fn object(&self, export: Uuid, attempt: Uuid) -> String {
        let (prefix, extension) = (object_prefix(export), self.extension());
        format!("{prefix}/{}.{extension}", attempt.simple())
    }
}

/// Where the objects of an export are.
pub fn object_prefix(export: Uuid) -> String {
    format!("{FOLDER}/{export}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use time::macros::datetime;

    fn wanted(format: ExportFormat, compression: ExportCompression) -> Wanted {
        Wanted {
            kind: ExportKind::Lines,
            format,
            compression,
            filters: Filters::new(),
            fields: Vec::new(),
        }
    }

    #[test]
    fn filters_are_parameters() {
        let filters =
            json!({"archived": false, "platform": ["web", "shop"], "q": "a,b", "total_min": 5});
        let wanted = Wanted {
            filters: serde_json::from_value(filters).expect("filters"),
            fields: vec!["id".into(), "lines.sku".into()],
            ..wanted(ExportFormat::Ndjson, ExportCompression::None)
        };
        let parameters = wanted.parameters();
        let parameters: Vec<_> = parameters.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let expected =
            "archived=false platform=web platform=shop q=a,b total_min=5 fields=id,lines.sku";
        assert_eq!(parameters.join(" "), expected);
    }

    #[test]
    fn a_file_is_called_after_what_it_is() {
        let at = datetime!(2026-11-27 05:06:07.8 UTC);
        for (format, compression, name, media_type) in [
            (
                ExportFormat::Csv,
                ExportCompression::Gzip,
                "csv.gz",
                "application/gzip",
            ),
            (
                ExportFormat::Ndjson,
                ExportCompression::Zstd,
                "ndjson.zst",
                "application/zstd",
            ),
            (
                ExportFormat::Ndjson,
                ExportCompression::None,
                "ndjson",
                "application/x-ndjson",
            ),
            (
                ExportFormat::Parquet,
                ExportCompression::Zstd,
                "parquet",
                "application/vnd.apache.parquet",
            ),
        ] {
            let wanted = wanted(format, compression);
            assert_eq!(
                wanted.file_name(at),
                format!("lines-20261127T050607Z.{name}")
            );
            assert_eq!(wanted.media_type(), media_type);
        }
    }

    #[test]
    fn parquet_is_packed_within() {
        let suits = |compression: ExportCompression| compression.suits(ExportFormat::Parquet);
        assert_eq!(ExportCompression::ALL.map(suits), [false, false, true]);
        assert!(ExportCompression::ALL.map(|c| c.suits(ExportFormat::Csv)) == [true; 3]);
    }
}
