//! What can go wrong with an import as a whole. What is wrong with one invoice
//! or line is a [`Reason`](super::Reason) and no error.

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
    /// Not an absolute `http` or `https` URL.
    #[error("{url:?} is not the URL of a system, such as http://127.0.0.1:8080")]
    Url {
        /// As given.
        url: String,
    },
    /// An API key with characters that no header can carry.
    #[error("the API key has characters that cannot be sent")]
    ApiKey,
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
    /// The system is there and refuses the caller.
    #[error("the system refuses the API key (HTTP {status}): {detail}")]
    NotAuthorised {
        /// 401 or 403.
        status: u16,
        /// What it said.
        detail: String,
    },
    /// Something answers that is not such a system.
    #[error("{url} does not answer as an order system does: HTTP {status} {detail}")]
    Unexpected {
        /// What was called.
        url: String,
        /// What it answered.
        status: u16,
        /// What it said.
        detail: String,
    },
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
