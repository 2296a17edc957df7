//! Exports, as the API tells them.

use crate::layout::badge;
use maud::Markup;
use serde::Deserialize;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

/// An export.
#[derive(Debug, Deserialize)]
pub struct Export {
    /// Its id.
    pub id: Uuid,
    /// `orders`, `lines` or `events`.
    pub kind: String,
    /// `ndjson`, `csv` or `parquet`.
    pub format: String,
    /// `none`, `gzip` or `zstd`.
    pub compression: String,
    /// Of which rows.
    pub filters: Map<String, Value>,
    /// `pending`, `running`, `done`, `failed`, `cancelled` or `expired`.
    pub state: String,
    /// Whether it was told to end.
    pub cancel_requested: bool,
    /// How far it is, while it runs.
    pub progress: Option<Progress>,
    /// The code of the problem that it failed with last.
    pub problem: Option<String>,
    /// Rows of the file.
    pub rows: Option<i64>,
    /// Its size.
    pub bytes: Option<i64>,
    /// SHA-256 of it, in hexadecimal digits.
    pub sha256: Option<String>,
    /// The moment that it is of.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub as_of: Option<OffsetDateTime>,
    /// The key that asked for it.
    pub created_by: String,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it came to its end.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// When its file is thrown away.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// Where its file is, for a while; told of one export only.
    #[serde(default)]
    pub download: Option<Download>,
}

/// How far an export is.
#[derive(Debug, Deserialize)]
pub struct Progress {
    /// Rows that are written.
    pub rows: i64,
    /// Of about how many.
    pub expected_rows: Option<i64>,
}

/// A link to a file, which needs no key.
#[derive(Debug, Deserialize)]
pub struct Download {
    /// Whole, or beginning with its path.
    pub url: String,
}

impl Export {
    /// Whether more is to become of it.
    pub fn is_live(&self) -> bool {
        matches!(self.state.as_str(), "pending" | "running")
    }

    /// Where it is, in a word.
    pub fn badge(&self) -> Markup {
        let class = match self.state.as_str() {
            "done" => "good",
            "failed" => "bad",
            "cancelled" => "warm",
            _ => "",
        };
        badge(&self.state, class)
    }

    /// What it is, in a few words.
    pub fn what(&self) -> String {
        let packed = match self.compression.as_str() {
            "none" => "",
            "gzip" => ", gzip",
            _ => ", zstd",
        };
        format!("{} as {}{packed}", self.kind, self.format)
    }

    /// What was asked for, each filter with its values.
    pub fn filters(&self) -> Vec<(String, String)> {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Array(texts) => {
                let texts = texts.iter().map(|text| text.as_str().unwrap_or_default());
                texts.collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        let filters = self.filters.iter();
        filters
            .map(|(name, value)| (name.replace('_', " "), text(value)))
            .collect()
    }
}

impl Download {
    /// The parameters that make the link: the file is asked for by them, wherever the
    /// link says that it is.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_export_is_told_by_what_was_asked_for() {
        let export: Export = serde_json::from_value(json!({
            "id": "019ac1f0-7c3e-7a41-9c55-2f4d6d0c11aa", "kind": "orders", "format": "csv",
            "compression": "gzip", "fields": [], "state": "done", "cancel_requested": false,
            "filters": {"platform": ["web", "shop"], "archived": false, "placed_from": "2026-01-01"},
            "progress": null, "problem": null, "rows": 3, "bytes": 120, "sha256": "ab",
            "position": null, "as_of": null, "created_by": "key_1",
            "created_at": "2026-01-31T00:00:00Z", "started_at": null, "finished_at": null,
            "expires_at": null,
            "download": {"url": "https://a.example/v1/exports/1/file?expires=9&signature=x%3D",
                "expires_at": "2026-01-31T01:00:00Z"},
        }))
        .expect("an export");
        assert_eq!(export.what(), "orders as csv, gzip");
        let filters = export.filters();
        let mut filters: Vec<_> = filters.iter().map(|(n, v)| format!("{n}={v}")).collect();
        filters.sort();
        assert_eq!(
            filters,
            [
                "archived=false",
                "placed from=2026-01-01",
                "platform=web, shop"
            ]
        );
        let link = export.download.expect("a link").parameters();
        let expected = [("expires", "9"), ("signature", "x=")];
        assert_eq!(link, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }
}
