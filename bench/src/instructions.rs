//! Row `instructions`: what every command, event and page goes through, in
//! instructions of the processor, which are the same on a busy machine as on a
//! quiet one. valgrind counts those of this program when it does a piece of work
//! a number of times, and those when it does not do it at all.

use crate::{history, report, row::Figure, workload};
use anyhow::{Context as _, ensure};
use domain::order::{Order, OrderEvent, decide, evolve};
use infra::clock;
use read_api::{Keyset, Place, QueryHash, opened_cursor, sealed_cursor};
use std::{env, hint::black_box, path::Path, process::Stdio};
use time::OffsetDateTime;
use tokio::process::Command;
use uuid::Uuid;

/// What is counted, and how it is called in figures.
const PIECES: [(&str, &str); 6] = [
    ("place", "decide: place an order of three lines"),
    ("label", "decide: label it"),
    ("evolve", "evolve: the order from its first event"),
    ("encode", "encode: that event as JSON"),
    ("seal", "cursor: sealed"),
    ("open", "cursor: opened"),
];
const SECRET: [u8; 32] = [7; 32];

/// Instructions of each piece, beside those that history has of it last. None
/// where there is no valgrind.
pub async fn measure(folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let untried = "instructions are not counted: there is no valgrind, and none can be fetched";
    let Some(valgrind) = ::tests::found("valgrind", untried).await? else {
        return Ok(Vec::new());
    };
    let times = if quick { 200 } else { 2_000 };
    let before = last()?;
    let mut figures = Vec::new();
    for (piece, case) in PIECES {
        let count = async |times| run(&valgrind, folder, piece, times).await;
        let (none, all) = (count(0).await?, count(times).await?);
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
        let each = all.saturating_sub(none) as f64 / f64::from(times);
        let case = case.to_owned();
        figures.push(match before(&case) {
            // A ratio is higher where there is less to do.
            Some(before) => Figure {
                ours: each,
                yardstick_value: before,
                ..Figure::of(
                    "instructions",
                    case,
                    UNIT,
                    "the last time",
                    None,
                    &[(before, each)],
                )
            },
            None => Figure::alone("instructions", case, UNIT, each),
        });
    }
    Ok(figures)
}

const UNIT: &str = "instructions";

/// What history has of a case, of the last run that counted.
fn last() -> anyhow::Result<impl Fn(&str) -> Option<f64>> {
    let mut runs = history::all(&::tests::root().join(report::HISTORY))?;
    let rows = runs
        .iter_mut()
        .rev()
        .find_map(|run| run.rows.remove("instructions"));
    let figures = rows.map(|row| row.figures).unwrap_or_default();
    Ok(move |case: &str| {
        let found = figures.iter().find(|figure| figure.case == case);
        found.map(|figure| figure.ours)
    })
}

/// Instructions of this program when it does the piece so many times.
async fn run(valgrind: &Path, folder: &Path, piece: &str, times: u32) -> anyhow::Result<u64> {
    let output = Command::new(valgrind)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["--counted", piece, &times.to_string()])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .await?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind: {told}");
    collected(&told)
}

/// From the line `==123== Collected : 4604008`.
fn collected(told: &str) -> anyhow::Result<u64> {
    let line = told.lines().find_map(|line| line.split_once("Collected :"));
    let (_, count) = line.with_context(|| format!("valgrind counted nothing: {told}"))?;
    Ok(count.trim().parse()?)
}

/// Does a piece of work so many times, under a tool that counts. What it needs is
/// made in any case.
///
/// # Errors
/// For a piece that there is not.
pub fn counted(piece: &str, times: u32) -> anyhow::Result<()> {
    let place = workload::order(clock::id_at(OffsetDateTime::UNIX_EPOCH), None)?;
    let nothing = Order::default();
    let placed = decide(&nothing, place.clone())?;
    let event: &OrderEvent = placed.first().context("an event")?;
    let order = evolve(nothing.clone(), event);
    let label = workload::label(1)?;
    let query = QueryHash::of("platform=web");
    let row = Place::after(Keyset::at(OffsetDateTime::UNIX_EPOCH, Uuid::nil()));
    let cursor = sealed_cursor(&SECRET, query, row);
    for _ in 0..times {
        match piece {
            "place" => drop(black_box(decide(&nothing, black_box(place.clone())))),
            "label" => drop(black_box(decide(&order, black_box(label.clone())))),
            "evolve" => drop(black_box(evolve(Order::default(), black_box(event)))),
            "encode" => drop(black_box(serde_json::to_string(black_box(event)))),
            "seal" => drop(black_box(sealed_cursor(&SECRET, query, black_box(row)))),
            "open" => {
                let opened = opened_cursor(&SECRET, query, black_box(&cursor));
                black_box(opened.map_err(|problem| anyhow::anyhow!("{problem}"))?);
            }
            other => anyhow::bail!("{other} is nothing that is counted"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_can_be_done() -> anyhow::Result<()> {
        for (piece, _) in PIECES {
            counted(piece, 1)?;
        }
        assert!(counted("nothing", 1).is_err());
        Ok(())
    }

    #[test]
    fn what_callgrind_has_collected_is_read_from_what_it_says() -> anyhow::Result<()> {
        let told = "==7== Events    : Ir\n==7== Collected : 4604008\n==7== \n";
        assert_eq!(collected(told)?, 4_604_008);
        assert!(collected("==7== nothing").is_err());
        Ok(())
    }
}
