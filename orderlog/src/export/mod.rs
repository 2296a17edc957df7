//! `orderlog export`.

mod check;
mod download;
mod output;

use crate::client::api_key;
use check::Trailer;
use clap::ValueEnum;
use download::Download;
use output::{Output, ReaderGone};
use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    str::FromStr,
};
use tokio_util::sync::CancellationToken;

/// Export orders, their lines, or events of a running system
///
/// Streams GET /v1/orders, /v1/lines or /v1/events in the chosen format, with
/// the API key of `ORDERLOG_API_KEY` or of a file, and checks the trailer at its
/// end: an export that was cut off ends with 1. A file is written under another
/// name beside it, and has its own only once it is whole.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    orderlog export orders --filter status=placed --filter created_from=2026-11-01 > orders.ndjson\n  \
    orderlog export lines --format csv --out lines.csv --api-key-file .orderlog/dev-api-key\n  \
    orderlog export orders --format parquet --out orders.parquet --json | jq .position\n  \
    orderlog export events --filter 'type=order.payment_*' --filter after=\"$position\" | zstd > events.ndjson.zst")]
pub struct ExportArgs {
    /// What to export
    #[arg(value_enum)]
    what: What,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Ndjson)]
    format: Format,
    /// A parameter of the route, as NAME=VALUE; may be given several times
    #[arg(long = "filter", value_name = "NAME=VALUE")]
    filters: Vec<Filter>,
    /// The file to be written; standard output where it is not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where the system answers
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// File with the API key; `ORDERLOG_API_KEY` where it is not given
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
    /// Print the trailer as one JSON document; on standard error beside an
    /// export on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// A row for each order
    Orders,
    /// A row for each line of the orders
    Lines,
    /// A row for each event of the log
    Events,
}

/// What the export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A JSON object a line: of orders their whole documents
    Ndjson,
    /// Records of RFC 4180
    Csv,
    /// Apache Parquet
    Parquet,
}

/// A parameter of the route.
#[derive(Debug, Clone)]
struct Filter(String, String);

impl FromStr for Filter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
        Ok(Self(name.to_owned(), value.to_owned()))
    }
}

impl What {
    const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Lines => "lines",
            Self::Events => "events",
        }
    }
}

impl Format {
    const fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// Exports until the end or until `stop` is cancelled.
///
/// # Errors
/// When it cannot begin, or was cut off.
pub async fn run(args: ExportArgs, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let key = api_key(args.api_key_file.as_deref())?;
    let path = format!("/v1/{}.{}", args.what.name(), args.format.extension());
    let download = Download {
        url: format!("{}{path}", args.url.trim_end_matches('/')),
        key,
        parameters: args.filters.into_iter().map(|f| (f.0, f.1)).collect(),
        format: args.format,
    };
    let response = download.begin().await?;
    let mut output = Output::create(args.out.as_deref())?;
    let streamed = tokio::select! {
        streamed = download.stream(response, &mut output) => streamed,
        () = stop.cancelled() => Err(anyhow::anyhow!("stopped before its end")),
    };
    let trailer = match streamed {
        Ok(trailer) => trailer,
        // As `head` does it: it has had enough.
        Err(error) if error.is::<ReaderGone>() => return Ok(ExitCode::SUCCESS),
        Err(error) => {
            output.discard();
            return Err(error);
        }
    };
    output.keep()?;
    tell(&trailer, args.what, args.json, args.out.is_some())?;
    Ok(ExitCode::SUCCESS)
}

fn tell(trailer: &Trailer, what: What, json: bool, to_file: bool) -> anyhow::Result<()> {
    let text = if json {
        serde_json::to_string(trailer)?
    } else {
        format!("{} {} as of {}", trailer.count, what.name(), trailer.as_of)
    };
    if to_file {
        writeln!(io::stdout(), "{text}")?;
    } else {
        writeln!(io::stderr(), "{text}")?;
    }
    Ok(())
}
