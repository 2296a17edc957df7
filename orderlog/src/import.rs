//! `orderlog import`.

use crate::client::{api_key, told};
use anyhow::Context as _;
use clap::builder::PossibleValuesParser;
use jobs::import::{
    Channel, DEFAULT_CONCURRENCY, Format, ProgressStyle, RetryPolicy, Settings, import,
};
use std::{num::NonZeroUsize, path::PathBuf, process::ExitCode};
use tokio_util::sync::CancellationToken;

/// Imports an order history into a running system.
///
/// Sends the orders to POST /v1/bulk, with the API key of `ORDERLOG_API_KEY` or
/// of a file. Ctrl-C stops it in order, and running it
/// again goes on: what is already there with the same content stays as it is.
/// Ends with 0 when the whole file was dealt with and the report adds up;
/// refused invoices are part of that.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    orderlog import online-retail.csv.xz --format online-retail --api-key-file .orderlog/dev-api-key\n  \
    orderlog import retail.csv --format online-retail --url https://orders.example --report refused.ndjson\n  \
    orderlog import orders.csv.gz --format csv --mapping mapping.toml --dry-run --report refused.ndjson\n  \
    orderlog import orders.json --format shopify --platform shop\n  \
    orderlog import postgres://reader@old-shop/shop --format sql --mapping mapping.toml\n  \
    orderlog import retail.csv --format online-retail --json | jq .refused_by_code")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch")]
pub struct ImportArgs {
    /// The file, plain, .gz, .zst or .xz
    pub file: PathBuf,
    /// How to read it; `sql`: a `SQLite` file, or the URL of a PostgreSQL database
    #[arg(long, value_parser = PossibleValuesParser::new(Format::ALL.iter().map(|f| f.name())))]
    pub format: String,
    /// Which column is which field (TOML or JSON): for `csv` and `sql`
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Slug of the sales channel that the orders belong to: for `shopify`
    #[arg(long, default_value = "shopify")]
    pub platform: String,
    /// The channel's prices include tax, as it is configured: for `shopify`
    #[arg(long)]
    pub prices_include_tax: bool,
    /// Say what would become of each order, and store nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Make platforms that nobody has saved, instead of refusing their orders
    #[arg(long)]
    pub create_platforms: bool,
    /// Where the system answers
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// File with the API key; `ORDERLOG_API_KEY` where it is not given
    #[arg(long, value_name = "FILE")]
    pub api_key_file: Option<PathBuf>,
    /// Most orders in flight at once
    #[arg(long, default_value_t = NonZeroUsize::new(DEFAULT_CONCURRENCY).unwrap_or(NonZeroUsize::MIN))]
    pub concurrency: NonZeroUsize,
    /// Write every refused invoice and line to this file, as NDJSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Print the result as one JSON document instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Runs the import until its end or until `stop` is cancelled, and prints the
/// result on standard output.
///
/// # Errors
/// When the import could not begin.
pub async fn run(args: ImportArgs, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let settings = Settings {
        api_key: api_key(args.api_key_file.as_deref())?,
        format: args.format.parse().with_context(|| args.format.clone())?,
        file: args.file,
        mapping: args.mapping,
        channel: Channel {
            platform: args.platform,
            prices_include_tax: args.prices_include_tax,
        },
        dry_run: args.dry_run,
        create_platforms: args.create_platforms,
        url: args.url,
        concurrency: args.concurrency.get(),
        report: args.report,
        retry: RetryPolicy::default(),
        progress: ProgressStyle::Auto,
    };
    let summary = import(&settings, stop).await?;
    told(&summary, args.json, summary.succeeded())
}
