//! nginx with the configuration of `deploy/nginx`, on this machine.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::{
    fs::{self, File},
    path::PathBuf,
    process::Stdio,
};
use tempfile::TempDir;
use tests::{root, wait_until};
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

/// A running front; it ends with its value.
pub struct Front {
    pub url: String,
    dir: TempDir,
    _process: Child,
}

/// What runs nginx here; none where there is no nginx, which is said.
pub async fn nginx() -> anyhow::Result<Option<PathBuf>> {
    let found = Command::new(root().join("scripts/find-nginx"))
        .output()
        .await?;
    let path = String::from_utf8(found.stdout)?.trim().to_owned();
    if found.status.success() && !path.is_empty() {
        return Ok(Some(path.into()));
    }
    eprintln!(
        "\n!!! SKIPPED: the front was not tried: there is no nginx here, and none could be fetched\n"
    );
    Ok(None)
}

impl Front {
    /// One in front of APIs at these addresses, once it answers.
    pub async fn start(nginx: PathBuf, commands: &str, queries: &str) -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let config = dir.path().join("config");
        fs::create_dir(&config)?;
        for file in FILES {
            fs::copy(root().join("deploy/nginx").join(file), config.join(file))?;
        }
        // Free a moment ago: nginx cannot be asked which one it took.
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        fs::write(config.join("listen.conf"), format!("listen {address};\n"))?;
        let upstream = |name: &str, url: &str| {
            let server = url.trim_start_matches("http://");
            format!("upstream {name} {{ server {server} max_fails=0; keepalive 8; }}\n")
        };
        let upstreams = upstream("commands", commands) + &upstream("queries", queries);
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

    /// What it says of the last `count` requests, in order, once it has said
    /// something of so many that are of this path and below.
    pub async fn requests(&self, below: &str, count: usize) -> anyhow::Result<Vec<Value>> {
        wait_until("a line for every request", async || {
            let log = fs::read_to_string(self.dir.path().join("access.log"))?;
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
