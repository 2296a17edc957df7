//! `/v1/orders/changes` beside a projection that does not move.

use super::{
    sse::Stream,
    written::{Place, Written},
};
use crate::read_api::views::token;
use anyhow::{Context as _, Result, ensure};
use tests::{TestEnv, wait_until};

super::super::suite![what_is_not_projected_yet_is_read_from_the_log_once];

/// More than a page.
const ORDERS: i32 = 700;
/// How often the views move while one partition stands still.
const MOVES: usize = 25;
/// Statements of the feed, as the log of the role shows them.
const OF_VIEWS: &str = "redriven FROM projection_offsets";
const OF_LOG: &str = "AS xid, position FROM events";

/// How many such statements were sent so far.
fn sent(written: &Written, text: &str) -> usize {
    let log = written.views.role.log();
    let sent = log.lines().filter(|line| line.contains("sqlx::query"));
    sent.filter(|line| line.contains(text)).count()
}

/// Says again and again that something has moved, until it was looked at.
async fn moves(written: &Written) -> Result<()> {
    let before = sent(written, OF_VIEWS);
    wait_until("the views to be looked at", async || {
        written.views.notify().await?;
        Ok((sent(written, OF_VIEWS) >= before + MOVES).then_some(()))
    })
    .await
}

fn partition(place: &Place) -> i32 {
    token(place.0, place.1.position).partition
}

async fn what_is_not_projected_yet_is_read_from_the_log_once(env: &TestEnv) -> Result<()> {
    let written = Written::start(env, ORDERS).await?;
    let mut stream = Stream::open(&written.views.api, "/v1/orders/changes", None).await?;
    stream.block().await?.context("no greeting")?;
    let places = written.record(&written.orders, 1).await?;
    // The very first event is of the partition that stands still.
    let still = partition(&places[0]);
    let others = |partition| partition != still;
    let half = places[..places.len() / 2].to_vec();
    written.project(half, others).await?;
    moves(&written).await?;
    let read = sent(&written, OF_LOG);
    written.project(places.clone(), others).await?;
    moves(&written).await?;
    ensure!(read > 0, "what is counted is not what is sent");
    let again = sent(&written, OF_LOG) - read;
    ensure!(again == 0, "{again} times the same was read");

    // It moves on, step by step, and so does what is told.
    let of_still = places.iter().filter(|place| partition(place) == still);
    let of_still: Vec<_> = of_still.collect();
    let mut told = Vec::new();
    for step in of_still.chunks(5) {
        written
            .project(step.iter().map(|place| **place).collect(), |_| true)
            .await?;
        let last = step.last().context("an empty step")?;
        while told.last() != Some(&last.0.to_string()) {
            let change = stream.data().await?;
            told.push(change["id"].as_str().context("no id")?.to_owned());
        }
    }
    while told.len() < places.len() {
        let change = stream.data().await?;
        told.push(change["id"].as_str().context("no id")?.to_owned());
    }
    let all: Vec<_> = places.iter().map(|(order, _)| order.to_string()).collect();
    ensure!(told == all, "something is missing, or came twice");
    Ok(())
}
