//! What an export is written as.

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line; the last one is the trailer.
    Ndjson,
    /// RFC 4180, with a header; the last record is the trailer.
    Csv,
    /// Apache Parquet; the trailer is in the footer.
    Parquet,
}

impl Format {
    /// The end of paths and file names.
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
