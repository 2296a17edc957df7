//! A role as a process of its own, of the same build as the bench.

use anyhow::{Context as _, bail, ensure};
use infra::{config::Config, local_servers::free_port};
use std::{fs, path::Path, process::Stdio, time::Duration};
use tokio::{net::TcpStream, process::Child, time::sleep};

/// A running role; killed when dropped.
pub struct Process {
    /// `127.0.0.1:PORT`.
    pub address: String,
    child: Child,
}

impl Process {
    /// Starts `orderlog ROLE` and waits until it is ready.
    pub async fn start(config: &Config, role: &str, folder: &Path) -> anyhow::Result<Self> {
        let mut config = config.clone();
        config.listen = format!("127.0.0.1:{}", free_port()?);
        let child = spawn(&config, &[role], folder)?;
        let mut process = Self {
            address: config.listen,
            child,
        };
        process.ready(role).await?;
        Ok(process)
    }

    async fn ready(&mut self, role: &str) -> anyhow::Result<()> {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        for _ in 0..12_000 {
            if let Some(status) = self.child.try_wait()? {
                bail!("{role} ended ({status})");
            }
            if let Ok(mut stream) = TcpStream::connect(&self.address).await {
                stream
                    .write_all(b"GET /readyz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")
                    .await?;
                let mut answer = Vec::new();
                stream.read_to_end(&mut answer).await?;
                if answer.starts_with(b"HTTP/1.1 200") {
                    return Ok(());
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
        bail!("{role} is not ready after ten minutes")
    }

    /// Resident memory in MiB.
    pub fn resident_mib(&self) -> anyhow::Result<f64> {
        mib(&self.child, "VmRSS:")
    }

    /// The most that it ever was.
    pub fn highest_mib(&self) -> anyhow::Result<f64> {
        mib(&self.child, "VmHWM:")
    }
}

/// Runs `orderlog` with these arguments to its end: the most memory that it
/// took, in MiB.
pub async fn highest_mib_of(
    config: &Config,
    arguments: &[&str],
    folder: &Path,
) -> anyhow::Result<f64> {
    let mut child = spawn(config, arguments, folder)?;
    let mut most = 0.0;
    loop {
        // Its memory is gone a moment before it has ended.
        most = mib(&child, "VmHWM:").unwrap_or(most);
        if let Some(status) = child.try_wait()? {
            ensure!(status.success(), "{arguments:?} ended ({status})");
            return Ok(most);
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Starts `orderlog` with these arguments, of which the first names its log.
fn spawn(config: &Config, arguments: &[&str], folder: &Path) -> anyhow::Result<Child> {
    let name = arguments.first().context("a command")?;
    let log = fs::File::create(folder.join(format!("{name}.log")))?;
    let child = tests::command(config)?
        .args(arguments)
        // As in the image (Dockerfile).
        .env("MIMALLOC_ALLOW_THP", "0")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()?;
    Ok(child)
}

fn mib(child: &Child, what: &str) -> anyhow::Result<f64> {
    let id = child.id().context("the process has ended")?;
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let number = line.and_then(|line| line.split_whitespace().next());
    let kib: f64 = number.context("a process has memory")?.parse()?;
    Ok(kib / 1024.0)
}
