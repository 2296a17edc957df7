//! A role as a process of its own, of the same build as the bench.

use crate::row::{Figure, Point};
use anyhow::{Context as _, bail, ensure};
use infra::{config::Config, local_servers::free_port};
use std::{
    fs,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    task::JoinHandle,
    time::sleep,
};

/// Between looks at its memory.
const LOOK: Duration = Duration::from_millis(500);

/// A running role; killed when dropped.
pub struct Process {
    /// `127.0.0.1:PORT`.
    pub address: String,
    child: Child,
    memory: Arc<Mutex<Vec<Point>>>,
    watching: JoinHandle<()>,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

impl Process {
    /// Starts `orderlog ROLE` and waits until it is ready.
    pub async fn start(config: &Config, role: &str, folder: &Path) -> anyhow::Result<Self> {
        let mut config = config.clone();
        config.listen = format!("127.0.0.1:{}", free_port()?);
        let child = command(&config, &[role], folder)?.spawn()?;
        let id = child.id().context("the process has ended")?;
        let memory = Arc::<Mutex<_>>::default();
        let mut process = Self {
            address: config.listen,
            child,
            watching: tokio::spawn(watch(id, Arc::clone(&memory))),
            memory,
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

    /// What of it is the process's own, in MiB: the rest is the program, which all
    /// processes of a machine share.
    pub fn own_mib(&self) -> anyhow::Result<f64> {
        mib(&self.child, "RssAnon:")
    }

    /// The most that it ever was.
    pub fn highest_mib(&self) -> anyhow::Result<f64> {
        mib(&self.child, "VmHWM:")
    }

    /// Its resident memory so far: seconds since its start, MiB.
    pub fn memory_over_time(&self) -> Vec<Point> {
        let memory = self.memory.lock();
        memory.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The most that it ever was as a figure, with all that it was before.
    pub fn highest(&self, case: &str) -> anyhow::Result<Figure> {
        let figure = Figure::memory(case.to_owned(), self.highest_mib()?, None);
        Ok(figure.with_points(self.memory_over_time()))
    }

    /// Its number.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("the process has ended")
    }
}

/// Notes the memory of a process until it is gone.
async fn watch(id: u32, memory: Arc<Mutex<Vec<Point>>>) {
    let began = Instant::now();
    while let Ok(mib) = mib_of(id, "VmRSS:") {
        note(&memory, (began.elapsed().as_secs_f64(), mib));
        sleep(LOOK).await;
    }
}

fn note(memory: &Mutex<Vec<Point>>, point: Point) {
    let memory = memory.lock();
    memory.unwrap_or_else(PoisonError::into_inner).push(point);
}

/// What a command took of memory.
pub struct Taken {
    /// The most, in MiB.
    pub highest: f64,
    /// Seconds since its start, MiB.
    pub over_time: Vec<Point>,
}

/// Runs `orderlog` with these arguments to its end: the memory that it took.
pub async fn memory_of(
    config: &Config,
    arguments: &[&str],
    folder: &Path,
) -> anyhow::Result<Taken> {
    let mut child = command(config, arguments, folder)?.spawn()?;
    let memory = Arc::<Mutex<_>>::default();
    let id = child.id().context("the process has ended")?;
    let watching = tokio::spawn(watch(id, Arc::clone(&memory)));
    let mut highest = 0.0;
    loop {
        // Its memory is gone a moment before it has ended.
        highest = mib(&child, "VmHWM:").unwrap_or(highest);
        if let Some(status) = child.try_wait()? {
            watching.abort();
            ensure!(status.success(), "{arguments:?} ended ({status})");
            let over_time = memory.lock().unwrap_or_else(PoisonError::into_inner);
            return Ok(Taken {
                highest,
                over_time: over_time.clone(),
            });
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// `orderlog` with these arguments, of which the first names its log.
fn command(config: &Config, arguments: &[&str], folder: &Path) -> anyhow::Result<Command> {
    let name = arguments.first().context("a command")?;
    let log = fs::File::create(folder.join(format!("{name}.log")))?;
    let mut command = tests::command(config)?;
    command
        .args(arguments)
        // As in the image (Dockerfile).
        .env("MIMALLOC_ALLOW_THP", "0")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .kill_on_drop(true);
    Ok(command)
}

fn mib(child: &Child, what: &str) -> anyhow::Result<f64> {
    mib_of(child.id().context("the process has ended")?, what)
}

fn mib_of(id: u32, what: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let number = line.and_then(|line| line.split_whitespace().next());
    let kib: f64 = number.context("a process has memory")?.parse()?;
    Ok(kib / 1024.0)
}
