//! What can go wrong with an import as a whole. What is wrong with one invoice
//! or line is a [`Reason`](super::Reason) and no error.

use crate::bulk::BulkError;
use std::{io, path::PathBuf, time::Duration};

/// Why an import did not begin, or did not get to its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file to import.
    #[error("{} cannot be opened", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The report to write.
    #[error("the report {} cannot be written", path.display())]
    Report {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file ended or broke before its end.
    #[error("the file cannot be read beyond line {line}")]
    Read {
        /// Last line that was read, from 1.
        line: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The mapping file, or what it says of the file to import.
    #[error("the mapping {}: {detail}", path.display())]
    Mapping {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// A format of which nobody knows what its columns are.
    #[error("the format {0} needs a mapping file")]
    NoMapping(&'static str),
    /// The database to import from.
    #[error("the query cannot be answered")]
    Query(#[source] sqlx::Error),
    /// The first line is not that of the format.
    #[error("this is not a file of the format {format}: its first line must be {expected}")]
    Header {
        /// Name of the format.
        format: &'static str,
        /// The first line of such a file.
        expected: &'static str,
    },
    /// An order that has no JSON form.
    #[error("invoice {invoice} cannot be encoded")]
    Encode {
        /// Which invoice.
        invoice: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The system cannot be asked, or is none.
    #[error(transparent)]
    System(BulkError),
    /// The system stayed away for longer than the retries last.
    #[error(
        "the system does not take invoice {invoice}: {last} (tried {attempts} times in {elapsed:.0?})"
    )]
    Unreachable {
        /// Which invoice was being sent.
        invoice: String,
        /// Why the last attempt failed.
        last: String,
        /// How often it was tried.
        attempts: u32,
        /// For how long.
        elapsed: Duration,
    },
    /// The task that reads the file ended abnormally.
    #[error("the reader ended abnormally")]
    Reader(#[source] tokio::task::JoinError),
}
