//! Holds the log, Kafka and the read models against each other, order by
//! order: versions, then whole documents with what their events moved; and
//! each table of sums against a sum over the orders.
//!
//! ```text
//! horizon ─> log: id and last sequence of each order below it
//!         ─> Kafka: every record from the start, read_committed, until the log is reached
//!         ─> views: wait for the offsets just read, then each order's row
//!         ─> documents: each order folded from the log, beside the stored one
//!         ─> statistics: one statement per table, over rows and sums
//! ```
//!
//! The system may be at work meanwhile. What lies beyond the horizon is no
//! difference as long as the log, asked again, has it too.
//!
//! Of each order an id and three versions are in memory: 28 bytes, about twice
//! that in the table that holds them. Everything else is read in pages.

mod command;
mod compare;
mod documents;
mod error;
mod horizon;
mod kafka;
mod log;
mod report;
mod statistics;
mod store;
mod versions;
mod views;

pub use command::{VerifyArgs, run};
pub use error::VerifyError;
pub use report::{Difference, Report};

use crate::mapping::Mapping;
use documents::Documents;
use infra::{config::Config, epoch, log::LogReader, postgres, sealing::Sealing};
use std::time::Duration;
use tokio::time::Instant;
use versions::Versions;

/// How patient and how talkative to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long Kafka and the views may take to reach the horizon.
    pub wait: Duration,
    /// How many differences are told in full; all are counted.
    pub examples: usize,
}

/// Compares everything. `sealing` opens the personal data that documents show.
/// `step` is told what begins.
///
/// # Errors
/// A server that is away, and a part of the system that does not reach the
/// horizon in time. Differences are no error: they are in the report.
pub async fn verify(
    config: &Config,
    sealing: &Sealing,
    options: Options,
    step: &(dyn Fn(&str) + Sync),
) -> Result<Report, VerifyError> {
    let events = postgres::pool(&config.events_url, 2).map_err(VerifyError::Log)?;
    epoch::check(&events).await?;
    let epochs = epoch::epochs(&events).await.map_err(VerifyError::Log)?;
    let horizon = horizon::take(&events).await?;
    let mut report = Report::default();
    let mut versions = Versions::new(options.examples);

    step("reading the log");
    log::read(&events, horizon, &mut versions, &mut report).await?;
    let last = store::last_event(&events, horizon).await;
    let last = last.map_err(VerifyError::Log)?;

    step("reading Kafka from its beginning");
    let next = kafka::read(config, options, (last, epochs), &mut versions, &mut report).await?;

    step("waiting for the views");
    let deadline = Instant::now() + options.wait;
    let mut views = store::views(config).await.map_err(VerifyError::Views)?;
    views::reach(&mut views, &next, deadline).await?;

    step("reading the views");
    views::read(&mut views, &mut versions, &mut report).await?;

    step("comparing orders");
    compare::orders(&events, versions, options.examples, &mut report).await?;

    step("comparing documents");
    let documents = Documents {
        log: &LogReader::new(events.clone()),
        horizon,
        mapping: &Mapping,
        sealing,
        examples: options.examples,
    };
    documents.compare(&mut views, &mut report).await?;

    step("comparing statistics");
    statistics::compare(&mut views, options.examples, &mut report).await?;
    Ok(report)
}
