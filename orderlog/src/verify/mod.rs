//! Holds the log, Kafka and the read models against each other.
//!
//! ```text
//! horizon ─> Kafka: log and topics side by side, in log order, partition by partition
//!         ─> rows:  page by page of the log's streams, each projection of the registry
//!                   compares what it makes of them with its rows, and says what else it has
//!         ─> documents: what is published last of each order, against what is served
//!         ─> sums:  each table against a sum over the rows, in one snapshot
//! ```
//!
//! Everything is read in pages, on both sides: the memory does not depend on how
//! many orders there are. The system may be at work meanwhile. What lies beyond
//! the horizon is no difference as long as the log has it too, and what a
//! projection has not come to yet is waited for.

mod command;
mod documents;
mod error;
mod horizon;
mod kafka;
mod pages;
mod report;
mod rows;
mod sample;
mod store;
mod sums;
mod topic;

pub use command::{VerifyArgs, run};
pub use error::VerifyError;
pub use report::{Difference, ProjectionReport, Report};
pub use sample::Sample;

use infra::{
    config::Config,
    epoch,
    log::{ContractMapping, LogReader},
    postgres,
    sealing::Sealing,
};
use projections::Sources;
use std::{sync::Arc, time::Duration};

use pages::Pages;
use rows::Rows;

/// What is compared, and how patiently.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// How long Kafka and the views may take to reach the horizon, and a
    /// projector to repair the next order.
    pub wait: Duration,
    /// How many differences are told in full; all are counted.
    pub examples: usize,
    /// Only the rows of some orders, with the seed that they are chosen by.
    pub sample: Option<(Sample, u64)>,
    /// Whether what differs is made anew.
    pub repair: bool,
}

/// Compares, and repairs where that is asked for. `mapping` says what an event
/// of the log means, `sealing` opens the personal
/// data that documents show. `step` is told what begins.
///
/// # Errors
/// A server that is away, and a part of the system that does not reach the
/// horizon in time. Differences are no error: they are in the report.
pub async fn verify(
    config: &Config,
    (mapping, sealing): (Arc<dyn ContractMapping>, &Sealing),
    options: Options,
    step: &(dyn Fn(&str) + Sync),
) -> Result<Report, VerifyError> {
    let events = postgres::pool(&config.events_url, 2).map_err(VerifyError::Log)?;
    epoch::check(&events).await?;
    let epochs = epoch::epochs(&events).await.map_err(VerifyError::Log)?;
    let horizon = horizon::take(&events).await?;
    let mut report = Report::new(options.examples);

    if options.sample.is_none() {
        step("comparing Kafka with the log");
        kafka::compare(
            (config, options.wait),
            &events,
            (horizon, epochs),
            &mut report,
        )
        .await?;
    }
    let sources = Sources {
        config: config.clone(),
        log: LogReader::new(events.clone()),
        mapping,
        sealing: sealing.clone(),
    };
    step("comparing the projections with the log");
    let pages = Pages::new(&sources, &events, horizon, options.sample);
    let mut published = documents::all(config, options);
    Rows::prepare(&sources, &events, options)
        .await?
        .compare(pages, &mut published, &mut report)
        .await?;
    step("comparing the published documents with the served ones");
    for of in published {
        Box::pin(documents::compare(config, of, options, &mut report)).await?;
    }
    if options.sample.is_none() {
        step("comparing the sums with the rows");
        sums::compare(&sources, options, &mut report).await?;
    }
    report.sum_up();
    Ok(report)
}
