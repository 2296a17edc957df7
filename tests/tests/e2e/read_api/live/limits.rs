//! What clients cost, and when they are let go.

use super::sse::{Stream, apis, note, place};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use infra::open_files;
use serde_json::Value;
use tests::{Api, TestEnv, wait_until};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

super::super::suite![
    silence_is_a_comment_and_the_end_of_a_key_that_of_its_streams,
    a_server_that_stops_ends_its_streams,
    thousands_of_idle_clients_cost_little,
];

const EVENTS: &str = "/v1/events/stream";

async fn silence_is_a_comment_and_the_end_of_a_key_that_of_its_streams(
    env: &TestEnv,
) -> Result<()> {
    let (commands, queries, _roles) = apis(env).await?;
    let made = env.orderlog_ok(&["api-key", "create", "--json"]).await?;
    let made: Value = serde_json::from_str(&made)?;
    let text = |name: &str| {
        made[name]
            .as_str()
            .context("no such member")
            .map(str::to_owned)
    };
    let revoked = Api::with_key(queries.url(), &text("secret")?);
    let mut ends = Stream::open(&revoked, EVENTS, None).await?;
    let filtered = format!("{EVENTS}?type=order.cancelled");
    let mut stays = Stream::open(&queries, &filtered, None).await?;
    let greeting = stays.block().await?.context("no greeting")?;
    place(&commands, "web", "W-1").await?;
    ensure!(ends.data().await?["type"] == "order.placed");
    env.orderlog_ok(&["api-key", "revoke", &text("id")?])
        .await?;

    let beat = stays.block().await?.context("the stream has ended")?;
    ensure!(beat.comment && beat.data.is_none(), "{beat:?}");
    // What it did not want is behind it.
    ensure!(beat.id.is_some() && beat.id != greeting.id, "{beat:?}");
    let end = ends.block().await?;
    ensure!(end.is_none(), "{end:?}");
    Ok(())
}

async fn a_server_that_stops_ends_its_streams(env: &TestEnv) -> Result<()> {
    let (commands, queries, roles) = apis(env).await?;
    let path = place(&commands, "web", "W-1").await?;
    let of_order = format!("{path}/stream");
    let paths = [EVENTS, "/v1/orders/changes", &of_order];
    let streams = paths.into_iter();
    let streams = streams.map(|path| Stream::open(&queries, path, None));
    let mut streams = try_join_all(streams).await?;
    let [commands_role, queries_role] = roles;
    let ended = async {
        for stream in &mut streams {
            while stream.block().await?.is_some() {}
            ensure!(stream.last_id.is_some(), "nothing to resume by");
        }
        anyhow::Ok(())
    };
    let (status, ()) = tokio::try_join!(queries_role.terminate(), ended)?;
    ensure!(status.success());

    note(&commands, &path).await?;
    let mut next = env.role("read-api").spawn()?;
    next.ready().await?;
    let last = streams[0].last_id.clone();
    let mut stream = Stream::open(&queries.at(&next), EVENTS, last.as_deref()).await?;
    ensure!(stream.data().await?["type"] == "order.note_added");
    drop(commands_role);
    Ok(())
}

/// Idle clients, and how much memory each may cost, in KiB.
const IDLE: usize = 5_000;
const MOST_KIB: u64 = 40;

async fn idle(api: &Api) -> Result<TcpStream> {
    let path = format!("{EVENTS}?type=order.cancelled");
    let mut connection = api.connect(&path).await?;
    let mut answer = [0; 1_024];
    let mut length = 0;
    while !answer[..length].ends_with(b"\n\n\r\n") {
        let read = connection.read(&mut answer[length..]).await?;
        ensure!(read > 0, "{}", String::from_utf8_lossy(&answer[..length]));
        length += read;
    }
    Ok(connection)
}

async fn thousands_of_idle_clients_cost_little(env: &TestEnv) -> Result<()> {
    open_files::raise_limit();
    let (commands, queries, roles) = apis(env).await?;
    let warm = idle(&queries).await?;
    let before = roles[1].resident_kib()?;
    let mut clients = vec![warm];
    for _ in 0..IDLE / 50 {
        clients.extend(try_join_all((0..50).map(|_| idle(&queries))).await?);
    }
    // Something happens, for which each of them wakes up.
    let path = place(&commands, "web", "W-1").await?;
    let stream = format!("{path}/stream?after=beginning");
    let mut stream = Stream::open(&queries, &stream, None).await?;
    ensure!(stream.data().await?["sequence"] == 1);
    note(&commands, &path).await?;
    ensure!(stream.data().await?["sequence"] == 2);
    let each = roles[1].resident_kib()?.saturating_sub(before) / IDLE as u64;
    ensure!(
        each <= MOST_KIB,
        "{each} KiB for each of {IDLE} idle clients"
    );
    eprintln!("{each} KiB for each of {IDLE} idle clients");

    drop(clients);
    wait_until("their places to be given back", async || {
        let metrics = reqwest::get(format!("{}/metrics", roles[1].url()));
        let metrics = metrics.await?.text().await?;
        Ok(metrics
            .contains("orderlog_sse_clients{stream=\"events\"} 1\n")
            .then_some(()))
    })
    .await
}
