//! The report file: NDJSON, one record for each refused invoice and one for
//! each refused line, between a first record that says what was imported and a
//! last one that is the summary. A report without its summary was cut short.

use super::formats::mapped::sql;
use super::item::{Handled, Reason};
use super::{ImportError, Settings, Summary};
use serde::Serialize;
use std::{
    io,
    path::{Path, PathBuf},
};
use time::OffsetDateTime;
use tokio::{
    fs::{File, canonicalize},
    io::{AsyncWriteExt as _, BufWriter},
};

/// A report being written.
pub(super) struct Report {
    path: PathBuf,
    file: BufWriter<File>,
}

/// One line of the report.
#[derive(Serialize)]
#[serde(tag = "record", rename_all = "snake_case")]
enum Record<'a> {
    /// The first.
    Import {
        file: String,
        format: &'static str,
        url: &'a str,
        #[serde(with = "time::serde::rfc3339")]
        started_at: OffsetDateTime,
    },
    /// An invoice that is refused as a whole; its lines follow.
    Invoice {
        invoice: Option<&'a str>,
        /// Number of lines that are refused with it.
        lines: usize,
        #[serde(flatten)]
        reason: &'a Reason,
    },
    /// A refused line, alone or with its invoice.
    Line {
        line: u64,
        invoice: Option<&'a str>,
        #[serde(flatten)]
        reason: &'a Reason,
    },
    /// The last.
    Summary {
        #[serde(flatten)]
        summary: &'a Summary,
    },
}

impl Report {
    /// Creates the file, before anything is sent, so that an import whose
    /// report cannot be written does not begin.
    pub async fn create(settings: &Settings) -> Result<Option<Self>, ImportError> {
        let Some(path) = settings.report.clone() else {
            return Ok(None);
        };
        let file = match create(&path, &settings.file).await {
            Ok(file) => BufWriter::new(file),
            Err(source) => return Err(ImportError::Report { path, source }),
        };
        let mut report = Self { path, file };
        report
            .write(&Record::Import {
                file: shown(&settings.file),
                format: settings.format.name(),
                url: &settings.url,
                started_at: infra::clock::now(),
            })
            .await?;
        Ok(Some(report))
    }

    /// Enters a refused item with each of its lines.
    pub async fn refused(&mut self, handled: &Handled, reason: &Reason) -> Result<(), ImportError> {
        let invoice = handled.invoice.as_deref();
        if handled.whole {
            let lines = handled.lines.len();
            self.write(&Record::Invoice {
                invoice,
                lines,
                reason,
            })
            .await?;
        }
        for &line in &handled.lines {
            self.write(&Record::Line {
                line,
                invoice,
                reason,
            })
            .await?;
        }
        Ok(())
    }

    /// Enters the summary and writes everything out.
    pub async fn close(mut self, summary: &Summary) -> Result<(), ImportError> {
        self.write(&Record::Summary { summary }).await?;
        let written = self.file.shutdown().await;
        written.map_err(|source| self.error(source))
    }

    async fn write(&mut self, record: &Record<'_>) -> Result<(), ImportError> {
        let written = match serde_json::to_vec(record) {
            Ok(mut line) => {
                line.push(b'\n');
                self.file.write_all(&line).await
            }
            Err(error) => Err(error.into()),
        };
        written.map_err(|source| self.error(source))
    }

    fn error(&self, source: io::Error) -> ImportError {
        ImportError::Report {
            path: self.path.clone(),
            source,
        }
    }
}

/// A path as it is, a URL without its password.
fn shown(file: &Path) -> String {
    let text = file.display().to_string();
    if !sql::is_url(file) {
        return text;
    }
    let url = reqwest::Url::parse(&text).ok();
    let without = url.and_then(|mut url| url.set_password(None).ok().map(|()| url.to_string()));
    without.unwrap_or_default()
}

/// Creates or empties the file, unless it is the one to import.
async fn create(path: &Path, import: &Path) -> io::Result<File> {
    let (path_is, import_is) = (canonicalize(path).await, canonicalize(import).await);
    if path_is.is_ok_and(|path| import_is.is_ok_and(|import| path == import)) {
        return Err(io::Error::other("it is the file to import"));
    }
    File::create(path).await
}
