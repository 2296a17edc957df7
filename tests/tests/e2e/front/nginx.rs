//! nginx with the configuration of `deploy/nginx`, on this machine.

use super::names::Names;
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Stdio,
};
use tempfile::TempDir;
use tests::{root, skipped, wait_until};
use tokio::{
    net::TcpListener,
    process::{Child, Command},
};

/// The files of `deploy/nginx` that belong to no place.
const FILES: [&str; 4] = [
    "nginx.conf",
    "locations.conf",
    "problems.conf",
    "routing.conf",
];

/// An upstreams.conf of fixed addresses that are never given up: of each API, and of
/// the console.
pub fn fixed_upstreams(commands: &[&str], queries: &[&str], console: &[&str]) -> String {
    let upstream = |name: &str, urls: &[&str]| {
        let servers = urls.iter().map(|url| {
            let server = url.trim_start_matches("http://");
            format!("server {server} max_fails=0; ")
        });
        let servers: String = servers.collect();
        format!("upstream {name} {{ {servers}keepalive 8; }}\n")
    };
    upstream("commands", commands) + &upstream("queries", queries) + &upstream("console", console)
}

/// A running front; it ends with its value.
pub struct Front {
    pub url: String,
    dir: TempDir,
    _process: Child,
}

/// What runs nginx here; none where there is no nginx, which is said.
pub async fn nginx() -> anyhow::Result<Option<PathBuf>> {
    let untried = "the front was not tried: there is no nginx here, and none could be fetched";
    tests::found("nginx", untried).await
}

/// Whether it asks for names while it runs: since 1.27.3. That it does not is said.
pub async fn resolves(nginx: &Path) -> anyhow::Result<bool> {
    let said = Command::new(nginx).arg("-v").output().await?;
    let said = String::from_utf8(said.stderr)?;
    let version = said.rsplit('/').next().unwrap_or_default();
    let version: Vec<u32> = version
        .split(|c: char| !c.is_ascii_digit())
        .map_while(|number| number.parse().ok())
        .collect();
    let new = version >= vec![1, 27, 3];
    if !new {
        let said = said.trim();
        skipped(format!("this nginx does not know `resolve`: {said}"));
    }
    Ok(new)
}

/// deploy/nginx/upstreams.conf, where APIs and console have another port and names come
/// from this name server.
pub fn deployed_upstreams(names: &Names, port: u16) -> anyhow::Result<String> {
    let mut text = fs::read_to_string(root().join("deploy/nginx/upstreams.conf"))?;
    for (from, to) in [
        ("127.0.0.11 ", format!("{} ", names.server)),
        ("command-api:8080 ", format!("command-api:{port} ")),
        ("read-api:8080 ", format!("read-api:{port} ")),
        ("console:8080 ", format!("console:{port} ")),
    ] {
        ensure!(text.contains(from), "upstreams.conf has no {from}");
        text = text.replace(from, &to);
    }
    Ok(text)
}

impl Front {
    /// One in front of these addresses, once it answers.
    pub async fn start(
        nginx: PathBuf,
        commands: &str,
        queries: &str,
        console: &str,
    ) -> anyhow::Result<Self> {
        Self::before(nginx, &fixed_upstreams(&[commands], &[queries], &[console])).await
    }

    /// One with this upstreams.conf.
    pub async fn before(nginx: PathBuf, upstreams: &str) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let config = dir.path().join("config");
        fs::create_dir(&config)?;
        for file in FILES {
            fs::copy(root().join("deploy/nginx").join(file), config.join(file))?;
        }
        // Free a moment ago: nginx cannot be asked which one it took.
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        fs::write(config.join("listen.conf"), format!("listen {address};\n"))?;
        fs::write(config.join("upstreams.conf"), upstreams)?;
        let log = |name: &str| File::create(dir.path().join(name));
        // One process: nobody is left where the test ends early.
        let process = Command::new(nginx)
            .args([
                "-e",
                "stderr",
                "-g",
                "daemon off; master_process off;",
                "-p",
            ])
            .arg(dir.path())
            .arg("-c")
            .arg(config.join("nginx.conf"))
            .stdin(Stdio::null())
            .stdout(log("access.log")?)
            .stderr(log("error.log")?)
            .kill_on_drop(true)
            .spawn()?;
        let front = Self {
            url: format!("http://{address}"),
            dir,
            _process: process,
        };
        let ready = wait_until("the front to be alive", async || {
            let alive = reqwest::get(format!("{}/livez", front.url)).await;
            Ok(alive.is_ok_and(|alive| alive.status() == 200).then_some(()))
        });
        ready.await.with_context(|| front.errors())?;
        Ok(front)
    }

    /// What nginx has complained of.
    pub fn errors(&self) -> String {
        fs::read_to_string(self.dir.path().join("error.log")).unwrap_or_default()
    }

    /// What it has said of requests, a line of JSON for each.
    pub fn log(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.dir.path().join("access.log"))?)
    }

    /// What it says of the last `count` requests, in order, once it has said
    /// something of so many that are of this path and below.
    pub async fn requests(&self, below: &str, count: usize) -> anyhow::Result<Vec<Value>> {
        wait_until("a line for every request", async || {
            let log = self.log()?;
            let lines = log
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let below = |line: &Value| {
                let path = line["path"].as_str().unwrap_or_default();
                path.starts_with(below)
            };
            let lines: Vec<_> = lines.filter(below).collect();
            ensure!(lines.len() <= count, "{} lines of {count}", lines.len());
            Ok((lines.len() == count).then_some(lines))
        })
        .await
    }
}
