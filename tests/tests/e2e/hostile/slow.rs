//! Clients that take their time (slowloris): with a head, with a body, with the
//! answer. Each is let go, and costs little until then.

use super::{Scene, connect, is_closed_within, status};
use anyhow::{Result, ensure};
use futures_util::{StreamExt as _, future::try_join_all, stream};
use infra::open_files;
use std::time::{Duration, Instant};
use tests::{Role, TestEnv, wait_until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

super::suite![
    a_head_that_comes_byte_by_byte_is_not_waited_for,
    a_second_head_that_comes_byte_by_byte_is_not_waited_for,
    a_body_that_comes_byte_by_byte_is_not_waited_for,
    a_client_that_reads_nothing_costs_little,
    connections_above_the_limit_wait_for_a_place,
];

/// Slow clients of each role.
const CLIENTS: usize = 500;
/// How long they may hold on: the time of a head, and that of a silent connection.
const HELD: Duration = Duration::from_secs(20);
/// How often they send a byte.
const PACE: Duration = Duration::from_millis(500);

/// Sends a byte now and then until the other side hangs up; after how long it did.
async fn dribble(mut connection: TcpStream, bytes: &[u8]) -> Result<Duration> {
    let began = Instant::now();
    for byte in bytes.iter().cycle() {
        ensure!(began.elapsed() < HELD, "held on for {HELD:?}");
        if connection.write_all(&[*byte]).await.is_err()
            || is_closed_within(&mut connection, PACE).await
        {
            break;
        }
    }
    Ok(began.elapsed())
}

/// As many clients of each role, each of which has done this.
async fn clients(
    scene: &Scene,
    begin: impl AsyncFn(&Role) -> Result<TcpStream>,
) -> Result<Vec<TcpStream>> {
    open_files::raise_limit();
    let begin = &begin;
    let roles = scene
        .roles
        .iter()
        .flat_map(|role| std::iter::repeat_n(role, CLIENTS));
    let opened: Vec<Result<TcpStream>> = stream::iter(roles)
        .map(|role| begin(role))
        .buffer_unordered(50)
        .collect()
        .await;
    opened.into_iter().collect()
}

async fn a_head_that_comes_byte_by_byte_is_not_waited_for(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    let honest = scene.honest();
    let head = b"GET /v1/orders HTTP/1.1\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaa";
    let mut resident = Vec::new();
    for _ in 0..2 {
        let slow = clients(&scene, connect).await?;
        try_join_all(slow.into_iter().map(|slow| dribble(slow, head))).await?;
        scene.is_left().await?;
        resident.push(scene.resident()?);
    }
    for (after, before) in resident[1].iter().zip(resident[0]) {
        let grown = after.saturating_sub(before);
        ensure!(grown <= super::FLAT_KIB, "{grown} KiB more");
    }
    honest.were_served().await?;
    scene.is_well().await
}

/// After one request that is answered, nothing but time is theirs.
async fn a_second_head_that_comes_byte_by_byte_is_not_waited_for(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    let honest = scene.honest();
    let begin = async |role: &Role| {
        let mut connection = connect(role).await?;
        connection
            .write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/o")
            .await?;
        ensure!(status(&mut connection).await? == Some(200));
        Ok(connection)
    };
    let slow = clients(&scene, begin).await?;
    try_join_all(slow.into_iter().map(|slow| dribble(slow, b"aaaaaaaaaa"))).await?;
    honest.were_served().await?;
    for role in &scene.roles {
        let metrics = reqwest::get(format!("{}/metrics", role.url()))
            .await?
            .text()
            .await?;
        let cut = metrics
            .lines()
            .find_map(|line| line.strip_prefix("orderlog_http_connections_cut_total "));
        ensure!(cut.is_some_and(|cut| cut != "0"), "nobody says so");
    }
    scene.is_well().await
}

/// A body of a command is given up, and nobody waits for one that nobody reads.
async fn a_body_that_comes_byte_by_byte_is_not_waited_for(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    let honest = scene.honest();
    let key = scene.api.key();
    let common = format!(
        "HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    );
    let begin = async |role: &Role, head: String| {
        let mut connection = connect(role).await?;
        connection.write_all(head.as_bytes()).await?;
        anyhow::Ok(connection)
    };
    let [commands, queries] = &scene.roles;
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    let sized = "Content-Length: 100000\r\n\r\n";
    let mut slow = Vec::new();
    for _ in 0..50 {
        for length in [chunked, sized] {
            slow.push(begin(commands, format!("POST /v1/orders {common}{length}")).await?);
            slow.push(begin(queries, format!("GET /v1/orders {common}{length}")).await?);
            slow.push(begin(queries, format!("POST /v1/nothing {common}{length}")).await?);
        }
    }
    // Pieces of one byte each, for those that are told how long each is.
    let piece = b"1\r\n \r\n";
    let heard = try_join_all(slow.into_iter().map(|slow| dribble_pieces(slow, piece))).await?;
    for answers in heard.chunks(3) {
        let [command, list, nothing] = answers else {
            anyhow::bail!("three each");
        };
        ensure!(command.starts_with("HTTP/1.1 408 "), "{command}");
        ensure!(list.starts_with("HTTP/1.1 200 "), "{list}");
        ensure!(nothing.starts_with("HTTP/1.1 404 "), "{nothing}");
    }
    honest.were_served().await?;
    scene.is_well().await
}

/// [`dribble`], longer: a body may take its time first. The beginning of what it was
/// told.
async fn dribble_pieces(mut connection: TcpStream, piece: &[u8]) -> Result<String> {
    const BODY: Duration = Duration::from_secs(40);
    let began = Instant::now();
    let mut heard = Vec::new();
    loop {
        ensure!(began.elapsed() < BODY, "held on for {BODY:?}");
        let sent = connection.write_all(piece).await;
        let mut part = [0; 4096];
        match timeout(PACE, connection.read(&mut part)).await {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(read)) => heard.extend_from_slice(&part[..read]),
            Err(_) if sent.is_err() => break,
            Err(_) => {}
        }
    }
    heard.truncate(40);
    Ok(String::from_utf8_lossy(&heard).into_owned())
}

/// It asks for what is long, again and again, and takes nothing of it.
async fn a_client_that_reads_nothing_costs_little(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    let honest = scene.honest();
    let request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200);
    let idle = scene.resident()?;
    let round = async || {
        let mut greedy = Vec::new();
        for role in scene
            .roles
            .iter()
            .flat_map(|role| std::iter::repeat_n(role, 50))
        {
            let mut connection = connect(role).await?;
            connection.write_all(&request).await?;
            // The first of it is there: from now on it is waited for.
            connection.read_u8().await?;
            greedy.push(connection);
        }
        // No copy of the whole for each.
        for (now, idle) in scene.resident()?.into_iter().zip(idle) {
            let each = now.saturating_sub(idle) / 50;
            ensure!(each <= 2_048, "{each} KiB for each of them");
        }
        drop(greedy);
        scene.is_left().await
    };
    scene.stays_flat(round).await?;
    honest.were_served().await?;
    scene.is_well().await
}

async fn connections_above_the_limit_wait_for_a_place(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let queries = env.role("read-api").config(|config| {
        config.http_connections = 20;
        config.http_keep_alive_seconds = 5;
    });
    let mut queries = queries.spawn()?;
    queries.ready().await?;
    let ask = async || {
        let mut connection = connect(&queries).await?;
        connection
            .write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            .await?;
        anyhow::Ok(connection)
    };
    let mut all = Vec::new();
    for _ in 0..60 {
        all.push(ask().await?);
    }
    // Whoever is there stays silent until it is shown out, and the next one comes in.
    let answers = all.iter_mut().map(|connection| async move {
        let mut line = [0; 15];
        connection.read_exact(&mut line).await?;
        ensure!(line.starts_with(b"HTTP/1.1 200 OK"));
        anyhow::Ok(Instant::now())
    });
    let began = Instant::now();
    let answered = try_join_all(answers).await?;
    let late = answered
        .iter()
        .filter(|at| at.duration_since(began) > Duration::from_secs(3));
    let late = late.count();
    ensure!(late >= 20, "only {late} of 60 waited for one of 20 places");
    drop(all);
    wait_until("an honest client to be served", async || {
        let told = reqwest::get(format!("{}/livez", queries.url())).await;
        Ok(told
            .is_ok_and(|told| told.status().is_success())
            .then_some(()))
    })
    .await
}
