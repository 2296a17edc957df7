//! What can be measured, by name.

use crate::{
    append, bulk, catalogue, console, cost, curve, documents, export, http, instructions, jobs,
    latency, list, memory, platforms, products, project, quotes, read, readable, relay,
    row::Figure, scale, sealing, shop, statistics, webhooks, whole,
};
use clap::ValueEnum;
use infra::config::Config;
use std::path::Path;

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RowName {
    /// Durable commands through cqrs-es, in process
    Append,
    /// The same over HTTP, and how long a command takes
    Http,
    /// Orders line by line, and in a request each
    Bulk,
    /// A backlog of events to Kafka, exactly once
    Relay,
    /// Read models, caught up from Kafka
    Project,
    /// Read models, from the log
    Rebuild,
    /// Orders by their id: unchanged, from Redis, from the database
    Read,
    /// Pages of lists, early and late
    List,
    /// Statistics from Redis and from the views
    Statistics,
    /// All orders as NDJSON, CSV and Parquet
    Export,
    /// Invoices as PDF, drawn and from Redis
    Documents,
    /// Pages of the console, beside the answers that they are made of
    Console,
    /// How soon an event is with a consumer, and an order that was placed is read
    Latency,
    /// Reads and commands as a shop has them, at shares of what it takes
    Shop,
    /// Resident memory of roles, idle and at work
    Memory,
    /// What the size of the log costs an append
    Scale,
    /// Jobs that are enqueued, and jobs that are carried out
    Jobs,
    /// What webhook endpoints are told, and how soon
    Webhooks,
    /// What shipping costs, from Redis and computed
    Quotes,
    /// Twenty products by SKU, from Redis and from the database
    Products,
    /// Platforms as commands and readers ask for them, kept and not
    Platforms,
    /// Products saved line by line
    Catalogue,
    /// What personal data costs an append
    Sealing,
    /// Processor time and bytes of each role and server, by orders
    Cost,
    /// What everything costs as orders become more
    Curve,
    /// Instructions of what every command, event and page goes through
    Instructions,
}

/// Rows that need no Kafka.
pub const WITHOUT_KAFKA: [RowName; 8] = [
    RowName::Append,
    RowName::Bulk,
    RowName::Catalogue,
    RowName::Http,
    RowName::Instructions,
    RowName::Jobs,
    RowName::Scale,
    RowName::Sealing,
];
/// Rows that need Redis.
pub const WITH_REDIS: [RowName; 15] = [
    RowName::Console,
    RowName::Cost,
    RowName::Documents,
    RowName::Export,
    RowName::Jobs,
    RowName::Latency,
    RowName::List,
    RowName::Memory,
    RowName::Platforms,
    RowName::Products,
    RowName::Quotes,
    RowName::Read,
    RowName::Shop,
    RowName::Statistics,
    RowName::Webhooks,
];
/// What a short run measures.
pub const QUICK: [RowName; 9] = [
    RowName::Append,
    RowName::Http,
    RowName::Relay,
    RowName::Project,
    RowName::Read,
    RowName::List,
    RowName::Latency,
    RowName::Shop,
    RowName::Instructions,
];

impl RowName {
    /// As it is typed.
    pub fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// All of them, in the order of the table.
    pub fn names() -> Vec<String> {
        let all = Self::value_variants().iter();
        all.map(|row| row.name()).collect()
    }

    /// Measures it, on databases and topics of its own; those of so many orders are
    /// shared by whoever wants as many.
    pub async fn measure(
        self,
        shared: &Config,
        folder: &Path,
        quick: bool,
    ) -> anyhow::Result<Vec<Figure>> {
        let config = &whole::apart(shared, &self.name());
        match self {
            Self::Append => append::measure(config, quick).await,
            Self::Http => http::measure(config, folder, quick).await,
            Self::Bulk => bulk::measure(config, folder, quick).await,
            Self::Relay => relay::measure(config, quick).await,
            Self::Project => project::catch_up(config, quick).await,
            Self::Rebuild => project::rebuild(config, quick).await,
            Self::Read => read::measure(shared, folder, quick).await,
            Self::List => list::measure(shared, folder, quick).await,
            Self::Statistics => statistics::measure(shared, folder, quick).await,
            Self::Export => export::measure(shared, folder, quick).await,
            Self::Documents => documents::measure(config, folder, quick).await,
            Self::Console => console::measure(shared, folder, quick).await,
            Self::Latency => {
                let mut figures = latency::measure(config, quick).await?;
                figures.extend(readable::measure(shared, folder, quick).await?);
                Ok(figures)
            }
            Self::Shop => shop::measure(config, folder, quick).await,
            Self::Memory => memory::measure(config, folder, quick).await,
            Self::Scale => scale::measure(config, quick).await,
            Self::Jobs => jobs::measure(config, quick).await,
            Self::Webhooks => webhooks::measure(config, folder, quick).await,
            Self::Quotes => quotes::measure(config, folder, quick).await,
            Self::Products => products::measure(config, folder, quick).await,
            Self::Platforms => platforms::measure(config, folder, quick).await,
            Self::Catalogue => catalogue::measure(config, folder, quick).await,
            Self::Sealing => sealing::measure(config, quick).await,
            Self::Cost => cost::measure(config, folder, quick).await,
            Self::Curve => curve::measure(config, folder, quick).await,
            Self::Instructions => instructions::measure(folder, quick).await,
        }
    }
}
