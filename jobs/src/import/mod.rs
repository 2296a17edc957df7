//! Imports of order histories: a client of a running system, so that what comes
//! in by a file passes the same validation and leaves the same audit trail as
//! everything else. An invoice is an `import_order` of `POST /v1/bulk`.
//!
//! ```text
//! file, packed or not ─┐
//! database, a query   ─┴> format: lines ─> invoices ─> bounded channel ─> batches in flight ─> ledger
//! ```
//!
//! The engine knows nothing of a format; [`formats`] turns a file into
//! [`Item`]s. No more of the file is in memory than the format's look-back
//! window, the channel and the requests in flight. One invoice is one order,
//! one request and one idempotency key, so an import can be stopped anywhere
//! and repeated as often as one likes.

mod answer;
pub(crate) mod body;
mod dates;
mod decimal;
mod engine;
mod error;
mod item;
mod ledger;
mod lines;
mod open;
mod report;
mod sender;
mod summary;
mod uploaded;
mod window;

pub mod formats;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod scripted_server;
#[cfg(test)]
mod tests;

pub use crate::ended::Ended;
pub use error::ImportError;
pub use formats::{Format, shopify::Channel};
pub use item::{Item, Reason, Source};
pub use summary::{Counts, Summary};
pub(crate) use uploaded::Uploaded;

pub use crate::progress::ProgressStyle;
pub use infra::retry::RetryPolicy;

use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Orders in flight unless told otherwise: enough to fill the group commits of a
/// system on the same machine.
pub const DEFAULT_CONCURRENCY: usize = 64;

/// What to import, and into which system.
#[derive(Clone)]
pub struct Settings {
    /// The file; compression (`.gz`, `.zst`, `.xz`) is recognised by its first
    /// bytes. For [`Format::Sql`] a `SQLite` file or the URL of a PostgreSQL
    /// database.
    pub file: PathBuf,
    /// How to read it.
    pub format: Format,
    /// What its columns are: of formats that leave it open.
    pub mapping: Option<PathBuf>,
    /// Whose orders they are: of formats that do not say it.
    pub channel: Channel,
    /// Whether everything is to be decided and nothing stored.
    pub dry_run: bool,
    /// Whether platforms are made that nobody has saved.
    pub create_platforms: bool,
    /// Where the system answers, `http://host:port`.
    pub url: String,
    /// Sent as the bearer token.
    pub api_key: String,
    /// Most orders in flight at once; at least 1.
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
    use formats::{mapped, ndjson::Ndjson, online_retail::OnlineRetail, shopify::Shopify};
    if settings.format == Format::Sql {
        let (mapping, path) = mapping(settings)?;
        let begun = mapped::sql::begin(&settings.file, mapping, path).await?;
        let (source, rows, read) = begun;
        return engine::run(settings, source, (rows, read), stop).await;
    }
    let input = open::open(&settings.file).await?;
    let (reader, extent) = (input.reader, (input.size, input.consumed));
    match settings.format {
        Format::OnlineRetail => {
            let source = OnlineRetail::begin(reader).await?;
            engine::run(settings, source, extent, stop).await
        }
        Format::Csv | Format::Sql => {
            let (mapping, path) = mapping(settings)?;
            let source = mapped::csv::begin(reader, mapping, path).await?;
            engine::run(settings, source, extent, stop).await
        }
        Format::Ndjson => engine::run(settings, Ndjson::new(reader), extent, stop).await,
        Format::Shopify => {
            let source = Shopify::new(reader, settings.channel.clone());
            engine::run(settings, source, extent, stop).await
        }
    }
}

/// The mapping, and where it was read from.
fn mapping(settings: &Settings) -> Result<(formats::mapped::Mapping, &Path), ImportError> {
    let none = || ImportError::NoMapping(settings.format.name());
    let path = settings.mapping.as_deref().ok_or_else(none)?;
    Ok((formats::mapped::Mapping::read(path)?, path))
}
