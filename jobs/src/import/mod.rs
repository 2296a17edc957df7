//! Imports of order histories: a client of `POST /v1/orders/import` of a
//! running system, so that what comes in by a file passes the same validation
//! and leaves the same audit trail as everything else.
//!
//! ```text
//! file (.xz or plain) ─> format: lines ─> invoices ─> bounded channel ─> N requests in flight ─> ledger
//! ```
//!
//! The engine knows nothing of a format; [`formats`] turns a file into
//! [`Item`]s. No more of the file is in memory than the format's look-back
//! window, the channel and the requests in flight. One invoice is one order,
//! one request and one idempotency key, so an import can be stopped anywhere
//! and repeated as often as one likes.

mod body;
mod engine;
mod error;
mod item;
mod ledger;
mod lines;
mod open;
mod progress;
mod report;
mod sender;
mod summary;

pub mod formats;

#[cfg(test)]
mod scripted_server;
#[cfg(test)]
mod tests;

pub use error::ImportError;
pub use formats::Format;
pub use item::{Item, Reason, Source};
pub use progress::ProgressStyle;
pub use summary::{Counts, End, Summary};

pub use infra::retry::RetryPolicy;

use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

/// Requests in flight unless told otherwise: enough to fill the group commits
/// of a system on the same machine.
pub const DEFAULT_CONCURRENCY: usize = 64;

/// What to import, and into which system.
#[derive(Clone)]
pub struct Settings {
    /// The file; compression (`.xz`) is recognised by its first bytes.
    pub file: PathBuf,
    /// How to read it.
    pub format: Format,
    /// Where the system answers, `http://host:port`.
    pub url: String,
    /// Sent as the bearer token.
    pub api_key: String,
    /// Most requests in flight at once; at least 1.
    pub concurrency: usize,
    /// Where every refused invoice and line is written, as NDJSON.
    pub report: Option<PathBuf>,
    /// How long to put up with a system that is away.
    pub retry: RetryPolicy,
    /// How to show how far it is, on standard error.
    pub progress: ProgressStyle,
}

/// Imports a file. Cancelling `stop` ends it early but in order: nothing more
/// is read, what is in flight is finished, and the summary says so.
///
/// # Errors
/// Only what prevents the import from beginning: a file, report or URL that
/// cannot be used. Whatever ends it later is in [`Summary::end`], beside what
/// was done until then.
pub async fn import(settings: &Settings, stop: CancellationToken) -> Result<Summary, ImportError> {
    let input = open::open(&settings.file).await?;
    let (size, consumed) = (input.size, input.consumed.clone());
    match settings.format {
        Format::OnlineRetail => {
            let source = formats::online_retail::OnlineRetail::begin(input.reader).await?;
            engine::run(settings, source, (size, consumed), stop).await
        }
    }
}
