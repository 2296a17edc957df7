//! A shop that is made up, of any size, in a running system: platforms, a
//! catalogue, shipping, customers, and orders through their whole life.
//!
//! ```text
//! arguments ─> generator: lines ─> batches in flight ─> POST /v1/bulk ─> summary
//! ```
//!
//! It is a client like any other: each line is a command under a key of its
//! own, so that a shop can be stopped anywhere and made again as often as one
//! likes. [`Generator`] is pure: arguments alone decide every line, byte for
//! byte. Each order is made of its number when it is sent, so a million of them
//! take no memory.
//!
//! The past is imported, with what happened to it at the times that it
//! happened; the last orders are carried out step by step, so that there is one
//! of every kind to look at.

mod arguments;
mod calendar;
mod draw;
mod engine;
mod error;
mod line;
mod orders;
mod shop;
mod summary;

#[cfg(test)]
mod tests;

pub use crate::ended::Ended;
pub use arguments::{Arguments, MOST_DAYS, MOST_ORDERS};
pub use error::SeedError;
pub use line::{Line, Story};
pub use orders::Generator;
pub use summary::{Counts, Summary};

pub use crate::progress::ProgressStyle;
pub use infra::retry::RetryPolicy;

use tokio_util::sync::CancellationToken;

/// Orders in flight unless told otherwise.
pub const DEFAULT_CONCURRENCY: usize = 64;

/// What to make, and in which system.
#[derive(Clone)]
pub struct Settings {
    /// What decides the shop.
    pub arguments: Arguments,
    /// Where the system answers, `http://host:port`.
    pub url: String,
    /// Sent as the bearer token.
    pub api_key: String,
    /// Most orders in flight at once; at least 1.
    pub concurrency: usize,
    /// How long to put up with a system that is away.
    pub retry: RetryPolicy,
    /// How to show how far it is, on standard error.
    pub progress: ProgressStyle,
}

/// Makes a shop. Cancelling `stop` ends it early but in order: what is in flight
/// is finished, and the summary says so.
///
/// # Errors
/// Only what prevents it from beginning: arguments that make no shop, a URL or a
/// key that cannot be used. Whatever ends it later is in [`Summary::ended`].
pub async fn seed(settings: &Settings, stop: CancellationToken) -> Result<Summary, SeedError> {
    Box::pin(engine::run(settings, stop)).await
}
