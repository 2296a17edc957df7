//! What people read: the table of `docs/PERFORMANCE.md` between its markers, and
//! the plots beside it, all from history.

mod chart;
mod cost;
mod latency;
mod memory;
mod table;
mod throughput;
mod trend;

use crate::history::{self, Kept, Row, Run};
use anyhow::Context as _;
use std::{fs, path::Path};

/// Of the checkout and of a folder that is written like one.
const TEXT: &str = "docs/PERFORMANCE.md";
const PLOTS: &str = "docs/performance";
pub const HISTORY: &str = "bench/history";

/// A row of the newest run that has it.
struct Newest<'a> {
    name: &'a str,
    run: &'a Run,
    row: &'a Row,
}

/// Rows in this order, each as it was measured last.
fn newest<'a>(runs: &'a [Run], order: &'a [String]) -> Vec<Newest<'a>> {
    let row = |name: &'a String| {
        let with_it = runs
            .iter()
            .filter_map(|run| Some((run, run.rows.get(name)?)));
        let (run, row) = with_it.max_by_key(|(_, row)| row.at)?;
        Some(Newest { name, run, row })
    };
    order.iter().filter_map(row).collect()
}

/// Their figures.
fn figures<'a>(newest: &'a [Newest<'_>]) -> impl Iterator<Item = &'a Kept> {
    newest.iter().flat_map(|newest| &newest.row.figures)
}

/// Writes text and plots below `root` from the history that lies there, with
/// rows in this order. Where there is no text yet, the checkout's is taken.
pub fn write(root: &Path, order: &[String]) -> anyhow::Result<()> {
    let runs = history::all(&root.join(HISTORY))?;
    let newest = newest(&runs, order);
    let plots = root.join(PLOTS);
    fs::create_dir_all(&plots)?;
    let mut drawn = Vec::new();
    for (file, what, chart) in [
        (
            "throughput.svg",
            "Throughput against clients",
            throughput::chart(figures(&newest)),
        ),
        (
            "latency.svg",
            "Latency of requests",
            latency::of_requests(figures(&newest)),
        ),
        (
            "shop.svg",
            "Latency of a shop",
            latency::of_shop(figures(&newest)),
        ),
        (
            "readers.svg",
            "From placing to readers",
            latency::of_readers(figures(&newest)),
        ),
        (
            "cost.svg",
            "Cost against number of orders",
            cost::chart(figures(&newest)),
        ),
        (
            "memory.svg",
            "Memory over time",
            memory::chart(figures(&newest)),
        ),
        ("trend.svg", "Aims over time", trend::of_aims(&runs)),
        (
            "instructions.svg",
            "Instructions over time",
            trend::of_instructions(&runs),
        ),
    ] {
        let path = plots.join(file);
        let Some(chart) = chart else { continue };
        chart
            .draw(&path)
            .with_context(|| format!("{file} is not drawn"))?;
        drawn.push((file, what));
    }
    let path = root.join(TEXT);
    // A folder of short runs has none of its own in the beginning.
    let text = if path.exists() {
        fs::read_to_string(&path)?
    } else {
        fs::read_to_string(tests::root().join(TEXT))?
    };
    let text = table::between(&text, "figures", &table::figures(&text, &newest, order))?;
    let text = table::between(&text, "plots", &table::plots(&drawn))?;
    Ok(fs::write(&path, text)?)
}
