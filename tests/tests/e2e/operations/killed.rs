//! Workers that are killed in the middle of a file.

use super::scene::{Scene, count};
use crate::bulk::client::{on, place, stored};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::collections::HashMap;
use tests::{TestEnv, wait_until};

/// Lines of the file, unless `ORDERLOG_OPERATION_LINES` says another number.
const LINES: usize = 8_000;
/// Kills on the way.
const KILLS: usize = 3;

/// Line `n` of the file: of each hundred one is bad; of the others each third
/// places an order, and the two that follow are notes on it. Half of them have no
/// key.
fn line(n: usize) -> String {
    if n % 100 == 50 {
        return format!("{{\"op\": \"place_order\", \"n\": {n}}}");
    }
    let order = format!("K{}", n / 3);
    let mut line = match n % 3 {
        0 => place(&order),
        part => on(
            &order,
            "add_note",
            &format!("note{part}"),
            json!({"text": "x"}),
        ),
    };
    if let Some(members) = line.as_object_mut().filter(|_| n.is_multiple_of(2)) {
        members.remove("key");
    }
    line.to_string()
}

/// Whether line `n` can be carried out: its order was placed.
fn succeeds(n: usize) -> bool {
    n % 100 != 50 && (n / 3 * 3) % 100 != 50
}

pub async fn a_killed_worker_costs_no_line_and_doubles_none(env: &TestEnv) -> Result<()> {
    let lines = match std::env::var("ORDERLOG_OPERATION_LINES") {
        Ok(lines) => lines.parse()?,
        Err(_) => LINES,
    };
    let scene = Scene::start(env).await?;
    let body: String = (0..lines).map(|n| line(n) + "\n").collect();
    let location = scene.upload("", body).await?;
    let mut worker = scene.worker().await?;
    for kill in 1..=KILLS {
        // In the middle of a part: something is carried out whose result is not
        // kept.
        let reached = lines * kill / (KILLS + 1) + 700;
        wait_until("so many lines to be carried out", async || {
            let (events, _) = stored(env).await?;
            Ok((usize::try_from(events)? >= reached).then_some(()))
        })
        .await?;
        worker.kill9().await?;
        worker = scene.worker().await?;
    }
    let ended = scene.until_ended(&location, "succeeded").await?;
    let good = (0..lines).filter(|n| succeeds(*n)).count();
    ensure!(count(&ended, "succeeded") == good as u64, "{ended}");
    let done = scene.results(&location).await?;
    let counts = done.counts()?;
    ensure!(
        counts[0] == lines as u64 && counts[1] == good as u64,
        "{counts:?}"
    );
    ensure!(done.results.len() == lines, "{}", done.results.len());
    let mut notes: HashMap<String, u64> = HashMap::new();
    for (n, result) in done.results.iter().enumerate() {
        ensure!(result["line"] == n as u64 + 1, "{n}: {result}");
        ensure!(result["problem"].is_null() == succeeds(n), "{n}: {result}");
        told_in_order(n, result, &mut notes)?;
    }
    // Sent by a worker that was killed before it had kept what came of them.
    ensure!(counts[2] > 0, "{counts:?}");
    println!(
        "{lines} lines, {KILLS} kills: {good} carried out, {} answered again",
        counts[2]
    );
    once_each(env, lines).await
}

/// A part that was begun is brought to its end, so that each line that was carried
/// out has a result; nothing after it is.
pub async fn what_a_killed_worker_has_sent_has_results_though_it_is_cancelled(
    env: &TestEnv,
) -> Result<()> {
    let scene = Scene::start(env).await?;
    let body: String = (0..LINES).map(|n| line(n) + "\n").collect();
    let location = scene.upload("", body).await?;
    let worker = scene.worker().await?;
    let before = wait_until("lines to be carried out", async || {
        let (events, _) = stored(env).await?;
        Ok((events > 300).then_some(events.cast_unsigned()))
    })
    .await?;
    worker.kill9().await?;
    let left = scene.read(&location).await?.expect(200)?.json;
    ensure!(count(&left, "succeeded") < before, "{left}");
    let cancel = format!("{location}/cancel");
    scene.api.post(&cancel, &json!({})).await?.expect(200)?;
    let _worker = scene.worker().await?;
    let ended = scene.until_ended(&location, "cancelled").await?;
    let (events, _) = stored(env).await?;
    ensure!(
        count(&ended, "succeeded") == events.cast_unsigned(),
        "{events} stored: {ended}"
    );
    ensure!(count(&ended, "done") < LINES as u64, "{ended}");
    Ok(())
}

/// The notes of an order come in the order of their lines.
fn told_in_order(n: usize, result: &Value, notes: &mut HashMap<String, u64>) -> Result<()> {
    if n.is_multiple_of(3) || !succeeds(n) {
        return Ok(());
    }
    let order = result["order_id"].as_str().context("an order")?;
    let count = notes.entry(order.to_owned()).or_default();
    *count += 1;
    let note = format!("n{count}");
    ensure!(result["note_id"] == note, "{n}: {result}, not {note}");
    Ok(())
}

/// Each line left exactly one event, and each order is there once.
async fn once_each(env: &TestEnv, lines: usize) -> Result<()> {
    let pool = infra::postgres::pool(&env.config.events_url, 1)?;
    let sql = "SELECT event_type, count(*), count(DISTINCT aggregate_id) FROM events \
                GROUP BY event_type ORDER BY event_type";
    let counts: Vec<(String, i64, i64)> = sqlx::query_as(sql).fetch_all(&pool).await?;
    let of = |note: bool| {
        (0..lines)
            .filter(|n| succeeds(*n) && n.is_multiple_of(3) != note)
            .count()
    };
    let (placed, noted) = (i64::try_from(of(false))?, i64::try_from(of(true))?);
    let events: i64 = counts.iter().map(|(_, events, _)| events).sum();
    ensure!(
        events == placed + noted,
        "{counts:?}, not {placed} and {noted}"
    );
    ensure!(
        counts
            .iter()
            .any(|(_, events, orders)| (*events, *orders) == (placed, placed)),
        "{counts:?}"
    );
    Ok(())
}
