//! Clients that mean harm, over connections of their own: each is refused or cut
//! off, honest ones are served all the while, and memory stays flat.

mod bodies;
mod heads;
mod slow;
mod texts;

use anyhow::{Context as _, Result, ensure};
use libtest_mimic::Trial;
use std::time::{Duration, Instant};
use tests::{Api, Role, TestEnv, wait_until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// All tests of hostile clients.
pub fn trials() -> Vec<Trial> {
    [
        bodies::trials(),
        heads::trials(),
        slow::trials(),
        texts::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

use crate::suite::suite;

/// How long an answer may take.
const SOON: Duration = Duration::from_secs(10);
/// How long an honest client may have to wait, on a machine that is busy.
const BOUND: Duration = Duration::from_secs(3);
/// By how much memory may grow once everything has been done before, in KiB.
const FLAT_KIB: u64 = 16 << 10;

/// Both APIs, and what honest clients see of them.
struct Scene {
    roles: [Role; 2],
    api: Api,
}

impl Scene {
    /// A silent connection is closed after a second.
    async fn new(env: &TestEnv) -> Result<Self> {
        env.orderlog_ok(&["migrate"]).await?;
        let spawn = |name: &str| {
            let role = env.role(name);
            role.config(|config| config.http_keep_alive_seconds = 1)
                .spawn()
        };
        let mut roles = [spawn("command-api")?, spawn("read-api")?];
        for role in &mut roles {
            role.ready().await?;
        }
        let api = Api::new(env, &roles[0]).await?;
        Ok(Self { roles, api })
    }

    /// Sends these bytes to both, and nothing more; the status of each answer,
    /// none where the connection was closed without one.
    async fn told(&self, bytes: &[u8]) -> Result<[Option<u16>; 2]> {
        let [one, other] = &self.roles;
        let (one, other) = tokio::try_join!(told(one, bytes), told(other, bytes))?;
        Ok([one, other])
    }

    /// Sends a command's body with the key; the status.
    async fn command(&self, headers: &str, body: &[u8]) -> Result<Option<u16>> {
        let head = format!(
            "POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nConnection: close\r\n\
             Content-Length: {}\r\n{headers}\r\n",
            self.api.key(),
            body.len()
        );
        told(&self.roles[0], &[head.as_bytes(), body].concat()).await
    }

    /// Honest clients of both, until they are asked how it was.
    fn honest(&self) -> Honest {
        let stop = CancellationToken::new();
        let clients = self.roles.iter().map(|role| {
            let (api, stop) = (self.api.at(role), stop.clone());
            // Of commands none is safe: that there is no such route is an answer too.
            let path = if api.url() == self.api.url() {
                "/v1/nothing"
            } else {
                "/v1/orders?limit=1"
            };
            tokio::spawn(async move {
                let mut slowest = Duration::ZERO;
                while !stop.is_cancelled() {
                    let asked = Instant::now();
                    let told = api.get(path).await?;
                    ensure!(matches!(told.status.as_u16(), 200 | 404), "{told:?}");
                    slowest = slowest.max(asked.elapsed());
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Ok(slowest)
            })
        });
        Honest {
            clients: clients.collect(),
            stop,
        }
    }

    /// What both have in memory, in KiB.
    fn resident(&self) -> Result<[u64; 2]> {
        let [one, other] = &self.roles;
        Ok([one.resident_kib()?, other.resident_kib()?])
    }

    /// Does it once to have everything in place, then again and again: memory does not
    /// grow.
    async fn stays_flat(&self, mut round: impl AsyncFnMut() -> Result<()>) -> Result<()> {
        let mut rounds = Vec::new();
        for _ in 0..6 {
            round().await?;
            rounds.push(self.resident()?);
        }
        // What was freed is given back to the system at a time of the allocator's.
        for role in 0..2 {
            let of = |rounds: &[[u64; 2]]| rounds.iter().map(|r| r[role]).collect::<Vec<_>>();
            let before = of(&rounds[..2]).into_iter().max().unwrap_or(0);
            let after = of(&rounds[4..]).into_iter().min().unwrap_or(0);
            let grown = after.saturating_sub(before);
            ensure!(grown <= FLAT_KIB, "{before} KiB became {after} KiB");
        }
        Ok(())
    }

    /// Waits until those who were there have been let go.
    async fn is_left(&self) -> Result<()> {
        for role in &self.roles {
            wait_until("connections to be closed", async || {
                let metrics = reqwest::get(format!("{}/metrics", role.url())).await?;
                let metrics = metrics.text().await?;
                let mut lines = metrics.lines();
                let open = lines.find_map(|line| line.strip_prefix("orderlog_http_connections "));
                let open: f64 = open.context("nobody counts them")?.parse()?;
                Ok((open < 10.0).then_some(()))
            })
            .await?;
        }
        Ok(())
    }

    /// Nobody has panicked, and no answer was the server's fault.
    async fn is_well(&self) -> Result<()> {
        for role in &self.roles {
            let log = role.log();
            let panic = log.lines().find(|line| line.contains("panicked at"));
            ensure!(panic.is_none(), "{panic:?}");
            let metrics = reqwest::get(format!("{}/metrics", role.url())).await?;
            let metrics = metrics.error_for_status()?.text().await?;
            let mut fault = metrics.lines().filter(|line| {
                line.starts_with("orderlog_http_requests_total{") && line.contains("status=\"5")
            });
            ensure!(fault.next().is_none(), "{metrics}");
        }
        Ok(())
    }
}

/// Clients that ask for what is theirs.
struct Honest {
    clients: Vec<JoinHandle<Result<Duration>>>,
    stop: CancellationToken,
}

impl Honest {
    /// They were served, and soon.
    async fn were_served(self) -> Result<()> {
        self.stop.cancel();
        for client in self.clients {
            let slowest = client.await??;
            ensure!(slowest < BOUND, "an honest client waited {slowest:?}");
        }
        Ok(())
    }
}

async fn connect(role: &Role) -> Result<TcpStream> {
    let host = role.url().trim_start_matches("http://");
    Ok(TcpStream::connect(host).await?)
}

/// The status of the answer to these bytes; none where there was none.
async fn told(role: &Role, bytes: &[u8]) -> Result<Option<u16>> {
    let mut connection = connect(role).await?;
    // It may have heard enough before the end.
    let _ = connection.write_all(bytes).await;
    status(&mut connection).await
}

/// The status of the next answer; none where the connection ends without one.
async fn status(connection: &mut TcpStream) -> Result<Option<u16>> {
    let mut answer = Vec::new();
    let read = async {
        let mut piece = [0; 4096];
        while !answer.contains(&b'\n') {
            match connection.read(&mut piece).await {
                Ok(0) | Err(_) => break,
                Ok(read) => answer.extend_from_slice(&piece[..read]),
            }
        }
    };
    let read = timeout(SOON, read).await;
    read.context("neither an answer nor the end of the connection")?;
    let line = String::from_utf8_lossy(&answer);
    let status = line
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    Ok(status.and_then(|status| status.parse().ok()))
}

/// Whether the other side has closed a connection; what it sent before is skipped.
async fn is_closed_within(connection: &mut TcpStream, time: Duration) -> bool {
    let end = async {
        let mut piece = [0; 4096];
        while !matches!(connection.read(&mut piece).await, Ok(0) | Err(_)) {}
    };
    timeout(time, end).await.is_ok()
}
