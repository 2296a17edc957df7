//! What passes the front piece by piece: streams, exports, and lines both ways.

use super::{
    Scene,
    nginx::{Front, nginx},
    place,
};
use anyhow::{Context as _, ensure};
use libtest_mimic::Trial;
use reqwest::Method;
use tests::{DEADLINE, TestEnv, alone, on_servers};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};

pub fn trials() -> Vec<Trial> {
    vec![
        on_servers(
            "front::relayed::events_arrive_as_they_happen",
            events_arrive_as_they_happen,
        ),
        on_servers(
            "front::relayed::an_export_is_passed_on_as_it_is_read",
            an_export_is_passed_on_as_it_is_read,
        ),
        alone(
            "front::relayed::lines_pass_one_by_one_both_ways",
            lines_pass_one_by_one_both_ways,
        ),
        alone(
            "front::relayed::what_a_page_is_told_arrives_as_it_is_told",
            what_a_page_is_told_arrives_as_it_is_told,
        ),
    ]
}

async fn events_arrive_as_they_happen(env: &TestEnv) -> anyhow::Result<()> {
    let Some(scene) = Scene::start(env).await? else {
        return Ok(());
    };
    let stream = scene
        .api
        .request(Method::GET, "/v1/events/stream?after=beginning");
    let mut stream = stream.send().await?;
    let kind = stream.headers().get("content-type");
    ensure!(kind.is_some_and(|kind| kind == "text/event-stream"));
    // Each one arrives while nothing comes after it.
    for external_id in ["F-1", "F-2", "F-3"] {
        let placed = place(&scene.api, external_id).await?;
        let position = placed.json["position"].as_str().context("a position")?;
        let mut told = String::new();
        while !(told.contains(position) && told.ends_with("\n\n")) {
            let piece = timeout(DEADLINE, stream.chunk()).await;
            let piece = piece.context("the stream is held back")??;
            told += std::str::from_utf8(&piece.context("the stream has ended")?)?;
        }
        ensure!(told.contains("order.placed"), "{told}");
    }
    Ok(())
}

/// Orders with documents of 200 kB: some 60 MB, more than is buffered anywhere.
const LARGE: i32 = 300;

async fn an_export_is_passed_on_as_it_is_read(env: &TestEnv) -> anyhow::Result<()> {
    let Some(scene) = Scene::start(env).await? else {
        return Ok(());
    };
    scene.views.add_orders(1, LARGE).await?;
    let grow = "UPDATE orders SET document = json_build_object('id', id, 'padding', repeat('x', 200000))::text";
    scene.views.execute(grow).await?;
    for coding in ["identity", "zstd"] {
        let export = scene.api.request(Method::GET, "/v1/orders.ndjson");
        let mut export = export.header("Accept-Encoding", coding).send().await?;
        ensure!(export.status() == 200, "{}", export.status());
        let first = timeout(DEADLINE, export.chunk()).await??;
        let mut read = first.context("the first piece")?.to_vec();
        if coding == "identity" {
            // The rest waits in the database for whoever reads: not in nginx.
            let running = "SELECT count(*) FROM pg_stat_activity \
                WHERE application_name = 'orderlog export' AND datname = current_database()";
            let running: i64 = sqlx::query_scalar(running)
                .fetch_one(&scene.views.pool)
                .await?;
            ensure!(running == 1, "{running} exports are running");
        }
        while let Some(piece) = export.chunk().await? {
            read.extend(piece);
        }
        if coding == "zstd" {
            read = zstd::decode_all(read.as_slice())?;
        }
        let text = String::from_utf8(read)?;
        ensure!(text.lines().count() == usize::try_from(LARGE)? + 1);
        let last = text.lines().last().context("a line")?;
        ensure!(last.starts_with("{\"trailer\""), "{last}");
    }
    Ok(())
}

/// A server that answers each line of a body once it has it, and a client that
/// sends the next one once it has the answer.
async fn lines_pass_one_by_one_both_ways() -> anyhow::Result<()> {
    const LINES: usize = 3;
    let Some(nginx) = nginx().await? else {
        return Ok(());
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = format!("http://{}", listener.local_addr()?);
    let front = Front::start(nginx, &server, &server, &server).await?;
    for path in ["/v1/bulk", "/v1/operations", "/console/operations"] {
        let echo = async {
            let (connection, _) = listener.accept().await?;
            let (from, mut to) = connection.into_split();
            let mut from = BufReader::new(from);
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                from.read_line(&mut line).await?;
            }
            to.write_all(CHUNKED).await?;
            let mut answered = 0;
            while answered < LINES {
                line.clear();
                from.read_line(&mut line).await?;
                // Between them are the lengths of chunks.
                if line.starts_with('{') {
                    to.write_all(&chunk(line.trim_end())).await?;
                    answered += 1;
                }
            }
            to.write_all(b"0\r\n\r\n").await?;
            anyhow::Ok(())
        };
        let client = async {
            let host = front.url.trim_start_matches("http://");
            let mut connection = TcpStream::connect(host).await?;
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n"
            );
            connection.write_all(head.as_bytes()).await?;
            let mut told = String::new();
            for n in 0..LINES {
                let line = format!("{{\"n\":{n}}}");
                connection.write_all(&chunk(&line)).await?;
                read_until(&mut connection, &mut told, &line).await?;
            }
            connection.write_all(b"0\r\n\r\n").await?;
            ensure!(told.starts_with("HTTP/1.1 200"), "{told}");
            anyhow::Ok(())
        };
        let both = async { tokio::try_join!(echo, client) };
        let both = timeout(DEADLINE, both).await;
        both.with_context(|| format!("{path} is held back: {}", front.errors()))??;
    }
    Ok(())
}

/// A console that tells the next thing once the last one has arrived.
async fn what_a_page_is_told_arrives_as_it_is_told() -> anyhow::Result<()> {
    let Some(nginx) = nginx().await? else {
        return Ok(());
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let console = format!("http://{}", listener.local_addr()?);
    let front = Front::start(nginx, &console, &console, &console).await?;
    let host = front.url.trim_start_matches("http://");
    let told = async {
        let mut client = TcpStream::connect(host).await?;
        let head = format!("GET /console/orders/changes HTTP/1.1\r\nHost: {host}\r\n\r\n");
        client.write_all(head.as_bytes()).await?;
        let (mut connection, _) = listener.accept().await?;
        read_until(&mut connection, &mut String::new(), "\r\n\r\n").await?;
        connection.write_all(CHUNKED).await?;
        let mut told = String::new();
        for event in ["id: 1", "id: 2", "id: 3"] {
            connection.write_all(&chunk(event)).await?;
            read_until(&mut client, &mut told, event).await?;
        }
        anyhow::Ok(())
    };
    let told = timeout(DEADLINE, told).await;
    told.with_context(|| format!("held back: {}", front.errors()))?
}

/// The head of an answer of any length, the only one of its connection.
const CHUNKED: &[u8] =
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Reads until it has been told a text.
async fn read_until(from: &mut TcpStream, told: &mut String, text: &str) -> anyhow::Result<()> {
    while !told.contains(text) {
        let mut piece = [0; 4_096];
        let read = from.read(&mut piece).await?;
        ensure!(read > 0, "it was ended after {told:?}");
        *told += std::str::from_utf8(&piece[..read])?;
    }
    Ok(())
}

/// A line as a chunk.
fn chunk(line: &str) -> Vec<u8> {
    format!("{:x}\r\n{line}\n\r\n", line.len() + 1).into_bytes()
}
