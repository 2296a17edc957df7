//! Files that somebody imports. The system is away, so that what is read is sent
//! nowhere.

use super::{bytes, try_all};
use anyhow::{Context as _, Result};
use jobs::import::{Channel, Format, ProgressStyle, RetryPolicy, Settings, import};
use libtest_mimic::Trial;
use std::{fs, path::PathBuf, time::Duration};
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

pub fn trials() -> Vec<Trial> {
    vec![
        tests::plain("fuzz::files::csv_with_a_mapping", || {
            format("csv", Format::Csv, &["lampen.csv"], Some("lampen.toml"))
        }),
        tests::plain("fuzz::files::mappings", mappings),
        tests::plain("fuzz::files::ndjson", || {
            format("ndjson", Format::Ndjson, &["orders.ndjson"], None)
        }),
        tests::plain("fuzz::files::shopify", || {
            format("shopify", Format::Shopify, &["shopify.json"], None)
        }),
        tests::plain("fuzz::files::online_retail", online_retail),
    ]
}

fn data(name: &str) -> PathBuf {
    tests::root().join("tests/data/import").join(name)
}

/// Pages of a real file: short inputs are tried more often.
fn seeds(names: &[&str]) -> Result<Vec<Vec<u8>>> {
    let read = |name: &&str| fs::read(data(name)).with_context(|| (*name).to_owned());
    names.iter().map(read).collect()
}

fn settings(file: PathBuf, format: Format, mapping: Option<PathBuf>) -> Settings {
    Settings {
        file,
        format,
        mapping,
        channel: Channel {
            platform: "shop".into(),
            prices_include_tax: true,
        },
        dry_run: true,
        create_platforms: false,
        // Nobody listens on a port of one.
        url: "http://127.0.0.1:1".into(),
        api_key: "ol_none".into(),
        concurrency: 4,
        report: None,
        retry: RetryPolicy {
            first_pause: Duration::ZERO,
            longest_pause: Duration::ZERO,
            give_up_after: Duration::ZERO,
        },
        progress: ProgressStyle::Hidden,
    }
}

/// Reads each input, with a mapping where the format takes one. Whatever is wrong
/// with it is told as an error or counted.
fn tried(
    target: &'static str,
    seeds: Vec<Vec<u8>>,
    of: impl Fn(PathBuf) -> Settings,
) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("input");
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    try_all(target, &bytes(seeds), |input| {
        fs::write(&file, input)?;
        let settings = of(file.clone());
        let read = Box::pin(import(&settings, CancellationToken::new()));
        let _ = runtime.block_on(read);
        Ok(())
    })
}

fn format(
    target: &'static str,
    format: Format,
    names: &[&str],
    mapping: Option<&str>,
) -> Result<()> {
    let mapping = mapping.map(data);
    tried(target, seeds(names)?, |file| {
        settings(file, format, mapping.clone())
    })
}

fn mappings() -> Result<()> {
    tried(
        "mappings",
        seeds(&["lampen.toml", "shop.json"])?,
        |mapping| settings(data("lampen.csv"), Format::Csv, Some(mapping)),
    )
}

const RETAIL: &str = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n\
    489434,85048,15CM CHRISTMAS GLASS BALL 20 LIGHTS,12,2009-12-01 07:45:00,6.95,13085,United Kingdom\n\
    C489449,22087,\"PAPER BUNTING, WHITE LACE\",-12,2009-12-01 10:33:00,2.95,16321,Australia\n";

fn online_retail() -> Result<()> {
    let seeds = vec![RETAIL.as_bytes().to_vec()];
    tried("online_retail", seeds, |file| {
        settings(file, Format::OnlineRetail, None)
    })
}
