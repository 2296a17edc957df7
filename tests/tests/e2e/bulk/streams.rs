//! What becomes of a request whose two streams are not what they should be.

use super::client::{Done, bulk, command_api, on, place, send, stored, text};
use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, future, stream};
use reqwest::{Body, Method};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tests::{TestEnv, answer, wait_until};
use tokio::sync::mpsc;

/// A body whose pieces are sent when the test says so.
fn fed() -> (mpsc::Sender<String>, Body) {
    let (pieces, came) = mpsc::channel::<String>(1);
    let came = stream::unfold(came, async |mut came| {
        let piece = came.recv().await?;
        Some((Ok::<_, std::io::Error>(piece), came))
    });
    (pieces, Body::wrap_stream(came))
}

pub async fn results_come_while_lines_are_still_sent(env: &TestEnv) -> anyhow::Result<()> {
    let (_role, api) = command_api(env).await?;
    let (pieces, body) = fed();
    let mut response = send(&api, "", body).await?;
    let mut read = String::new();
    for number in 1..=3 {
        let line = place(&number.to_string()).to_string();
        // Also a line that comes in two pieces.
        let (begin, end) = line.split_at(20);
        pieces.send(begin.to_owned()).await?;
        pieces.send(format!("{end}\n")).await?;
        while read.matches('\n').count() < number {
            let piece = response.chunk().await?.context("the end")?;
            read.push_str(std::str::from_utf8(&piece)?);
        }
    }
    drop(pieces);
    read.push_str(&response.text().await?);
    ensure!(Done::read(&read)?.counts()? == [3, 3, 0, 0], "{read}");
    Ok(())
}

pub async fn a_client_that_does_not_read_is_not_read_from(env: &TestEnv) -> anyhow::Result<()> {
    const LINES: u64 = 100_000;
    let (role, api) = command_api(env).await?;
    // Refused at once, and each told in many words.
    let line = json!({"op": "x".repeat(200), "key": "y".repeat(200)}).to_string() + "\n";
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let lines = stream::iter(0..LINES).map(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok::<_, std::io::Error>(line.clone())
    });
    let response = send(&api, "", Body::wrap_stream(lines)).await?;
    // It stops: as much was taken as fits between the two, and no more.
    let (mut before, mut seen) = (0, 0);
    wait_until("the sending to stop", async || {
        let now = sent.load(Ordering::Relaxed);
        seen = if now == before { seen + 1 } else { 0 };
        before = now;
        Ok((seen == 50).then_some(()))
    })
    .await?;
    ensure!(before < LINES, "everything was taken in");
    let resident = role.resident_kib()?;
    ensure!(resident < 400 * 1024, "{resident} KiB");
    let mut results = response.bytes_stream();
    let mut lines = 0;
    while let Some(piece) = results.next().await {
        lines += piece?.split(|byte| *byte == b'\n').count() as u64 - 1;
    }
    ensure!(lines == LINES + 1, "{lines}");
    Ok(())
}

/// Orders with two lines each.
fn orders(count: u32) -> Vec<Value> {
    let ids = (0..count).map(|number| number.to_string());
    let lines = ids.flat_map(|id| {
        let note = on(&id, "add_note", "note", json!({"text": "call back"}));
        [place(&id), note]
    });
    lines.collect()
}

/// Sends all of them again: each was carried out once, before or now.
async fn the_rest_is_done(env: &TestEnv, api: &tests::Api, lines: &[Value]) -> anyhow::Result<u64> {
    let done = bulk(api, lines).await?;
    let [told, succeeded, replayed, failed] = done.counts()?;
    ensure!(
        (told, succeeded, failed) == (lines.len() as u64, told, 0),
        "{:?}",
        done.trailer
    );
    let count = i64::try_from(lines.len())?;
    ensure!(stored(env).await? == (count, count / 2));
    Ok(replayed)
}

pub async fn a_broken_connection_says_nothing_half_and_a_repeat_does_the_rest(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let (mut role, api) = command_api(env).await?;
    let lines = orders(1_000);
    let (pieces, body) = fed();
    let mut response = send(&api, "", body).await?;
    pieces.send(text(&lines[..999])).await?;
    pieces.send(lines[999].to_string()[..30].to_owned()).await?;
    let some = response.chunk().await?.context("the end")?;
    ensure!(!some.is_empty());
    drop(response);
    // Whatever was begun comes to its end, and what was half there to none.
    role.log_line("bulk.ended").await?;
    drop(pieces);
    let (events, _) = stored(env).await?;
    ensure!((1..=999).contains(&events), "{events}");
    let replayed = the_rest_is_done(env, &api, &lines).await?;
    ensure!(replayed == u64::try_from(events)?, "{replayed} of {events}");
    Ok(())
}

pub async fn a_killed_server_does_each_line_once_when_it_is_repeated(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let (role, api) = command_api(env).await?;
    let lines = orders(5_000);
    let mut response = send(&api, "", text(&lines)).await?;
    let mut read = String::new();
    while read.matches('\n').count() < 2_000 {
        let piece = response.chunk().await?.context("the end")?;
        read.push_str(std::str::from_utf8(&piece)?);
    }
    role.kill9().await?;
    let cut = loop {
        match response.chunk().await {
            Ok(Some(piece)) => read.push_str(&String::from_utf8_lossy(&piece)),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    ensure!(cut, "an answer that is cut off has no end");
    let told = Done::read(&read)?;
    ensure!(told.trailer.is_none() && told.results.len() < lines.len());
    let (events, _) = stored(env).await?;
    ensure!(
        events >= i64::try_from(told.results.len())?,
        "{events} were stored"
    );

    let mut role = env.role("command-api").spawn()?;
    role.ready().await?;
    let replayed = the_rest_is_done(env, &api.at(&role), &lines).await?;
    ensure!(replayed >= told.results.len() as u64, "{replayed}");
    Ok(())
}

pub async fn more_requests_than_there_is_room_for_are_told_to_come_back(
    env: &TestEnv,
) -> anyhow::Result<()> {
    const AT_ONCE: usize = 32;
    let (_role, api) = command_api(env).await?;
    let mut open = Vec::new();
    for _ in 0..AT_ONCE {
        let (pieces, body) = fed();
        open.push((pieces, send(&api, "", body).await?));
    }
    let one_more = async || {
        let request = api.request(Method::POST, "/v1/bulk");
        let request = request.header("content-type", "application/x-ndjson");
        answer(request.body(text(&[place("1")]))).await
    };
    let refused = one_more().await?.expect_problem(503, "unavailable")?;
    ensure!(refused.header("retry-after") == "5");
    ensure!(stored(env).await? == (0, 0));
    // Whoever ends makes room.
    let (pieces, response) = open.pop().context("none is open")?;
    drop(pieces);
    ensure!(Done::read(&response.text().await?)?.counts()? == [0; 4]);
    wait_until("a place", async || {
        Ok((one_more().await?.status == 200).then_some(()))
    })
    .await?;
    ensure!(stored(env).await? == (1, 1));
    Ok(())
}

pub async fn a_single_command_finds_room_beside_as_many_lines_as_there_can_be(
    env: &TestEnv,
) -> anyhow::Result<()> {
    const REQUESTS: usize = 32;
    const LINES: usize = 400;
    let (_role, api) = command_api(env).await?;
    let lines = |request| (0..LINES).map(move |line| place(&format!("{request}-{line}")));
    let requests = (0..REQUESTS).map(async |request| {
        let done = bulk(&api, &lines(request).collect::<Vec<_>>()).await?;
        ensure!(done.counts()? == [400, 400, 0, 0], "{:?}", done.trailer);
        Ok(())
    });
    let singles = async {
        for number in 0..20 {
            let (key, line) = (format!("single-{number}"), place(&format!("s{number}")));
            let placed = api.post_once("/v1/orders", &key, &line["body"]).await?;
            placed.expect(201)?;
        }
        Ok(())
    };
    future::try_join(future::try_join_all(requests), singles).await?;
    ensure!(stored(env).await? == (12_820, 12_820));
    Ok(())
}

pub async fn a_draining_server_says_where_it_ended(env: &TestEnv) -> anyhow::Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let role = env
        .role("command-api")
        .config(|config| config.drain_seconds = 5);
    let mut role = role.spawn()?;
    role.ready().await?;
    let api = tests::Api::new(env, &role).await?;
    let (pieces, body) = fed();
    let mut response = send(&api, "", body).await?;
    pieces.send(text(&[place("1")])).await?;
    let first = response.chunk().await?.context("the end")?;
    let mut read = std::str::from_utf8(&first)?.to_owned();
    role.signal(rustix::process::Signal::TERM)?;
    // Also a client that sends nothing is told.
    read.push_str(&response.text().await?);
    drop(pieces);
    let done = Done::read(&read)?;
    let trailer = done.trailer.context("the answer was cut off")?;
    ensure!(
        trailer["lines"] == 1 && trailer["problem"]["code"] == "unavailable",
        "{trailer}"
    );
    ensure!(stored(env).await? == (1, 1));
    Ok(())
}

pub async fn a_revoked_key_ends_it(env: &TestEnv) -> anyhow::Result<()> {
    let (role, api) = command_api(env).await?;
    let (pieces, body) = fed();
    let mut response = send(&api, "", body).await?;
    pieces.send(text(&[place("1")])).await?;
    let first = response.chunk().await?.context("the end")?;
    let mut read = std::str::from_utf8(&first)?.to_owned();
    let keys = env.orderlog_ok(&["api-key", "list", "--json"]).await?;
    let key: Value = serde_json::from_str(keys.lines().next().unwrap_or_default())?;
    let id = key["id"].as_str().context("no key")?.to_owned();
    env.orderlog_ok(&["api-key", "revoke", &id]).await?;
    let single = format!("{}/v1/orders", role.url());
    wait_until("the key to be refused", async || {
        let request = reqwest::Client::new().post(&single).bearer_auth(api.key());
        Ok((request.send().await?.status() == 401).then_some(()))
    })
    .await?;
    pieces.send(text(&[place("2")])).await?;
    drop(pieces);
    read.push_str(&response.text().await?);
    let trailer = Done::read(&read)?
        .trailer
        .context("the answer was cut off")?;
    ensure!(trailer["problem"]["code"] == "unauthorized", "{trailer}");
    ensure!(trailer["lines"] == 1 && stored(env).await? == (1, 1));
    Ok(())
}
