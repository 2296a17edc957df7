//! What a role does under load, as a flame graph: perf samples its stacks, and the
//! picture is drawn from them here.

mod fold;
mod picture;

use crate::{backlog, http, process::Process, requests, servers, whole::Whole};
use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use infra::{config::Config, secret::Secret};
use std::{fs, path::Path, process::Stdio, sync::Arc, time::Duration};
use tokio::process::Command;

/// Samples a second of each running thread: no divisor of what a timer does.
const SAMPLES: &str = "499";
/// Bytes of a stack that are copied with each, for it is unwound afterwards: the
/// program has no frame pointers.
const UNWIND: &str = "dwarf,16384";
/// Orders that are there to be read.
const ORDERS: i64 = 10_000;
/// Events that there are to publish and apply.
const EVENTS: i64 = 400_000;
/// Connections.
const CLIENTS: usize = 64;
const FOLDER: &str = "target/flamegraph";

/// Whose time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Under commands of 64 clients
    CommandApi,
    /// With a backlog
    Relay,
    /// With a backlog
    Projector,
    /// Under requests for single orders and pages, of 64 clients
    ReadApi,
    /// With what orders that are placed give it to do
    Worker,
}

impl Role {
    fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Draws it.
///
/// # Errors
/// Where there is no perf, or the kernel lets nobody sample.
pub async fn draw(role: Role, quick: bool) -> anyhow::Result<()> {
    let (name, root) = (role.name(), tests::root());
    let time = Duration::from_secs(if quick { 3 } else { 20 });
    let folder = tempfile::tempdir()?;
    let servers = servers::start(folder.path(), true, true).await?;
    let samples = folder.path().join("perf.data");
    let drawn = sampled(role, &servers.config, folder.path(), &samples, time).await;
    servers.stop().await;
    drawn?;
    let stacks = stacks(&samples).await?;
    let tree = fold::folded(&stacks);
    ensure!(tree.count > 0, "{name} did nothing");
    let title = format!("{name}: where its time goes ({} samples)", tree.count);
    let picture = root.join(FOLDER).join(format!("{name}.svg"));
    fs::create_dir_all(root.join(FOLDER))?;
    fs::write(&picture, picture::drawn(&title, &tree))?;
    println!("{}", picture.display());
    Ok(())
}

/// Runs the load that fits, and samples meanwhile.
async fn sampled(
    role: Role,
    config: &Config,
    folder: &Path,
    samples: &Path,
    time: Duration,
) -> anyhow::Result<()> {
    let whole = Whole::start(config, folder).await?;
    let (commands, key) = (&whole.commands.address, &whole.key);
    match role {
        Role::CommandApi => {
            let load = async {
                http::closed_loop(commands, key, time).await?;
                anyhow::Ok(())
            };
            both(&whole.commands, samples, time, load).await
        }
        Role::ReadApi => {
            whole.grow(ORDERS).await?;
            let asked = reads(&whole).await?;
            let address = &whole.reads.address;
            let load = async {
                requests::closed_loop(address, &asked, 200, CLIENTS, time).await?;
                anyhow::Ok(())
            };
            both(&whole.reads, samples, time, load).await
        }
        Role::Relay => both(&whole.relay, samples, time, backlog::append(config, EVENTS)).await,
        Role::Projector => {
            let load = backlog::append(config, EVENTS);
            both(&whole.projector, samples, time, load).await
        }
        Role::Worker => {
            let mut config = config.clone();
            config.command_url = format!("http://{commands}");
            config.read_url = format!("http://{}", whole.reads.address);
            config.api_key = Secret::new(key.as_str());
            let worker = Process::start(&config, "worker", folder).await?;
            let load = async {
                http::closed_loop(commands, key, time).await?;
                anyhow::Ok(())
            };
            both(&worker, samples, time, load).await
        }
    }
}

/// Every order in turn, and a page after every tenth.
async fn reads(whole: &Whole) -> anyhow::Result<Arc<[Vec<u8>]>> {
    let ids: Vec<String> = sqlx::query_scalar("SELECT id::text FROM orders LIMIT 1000")
        .fetch_all(&whole.views)
        .await?;
    let mut asked = Vec::new();
    for (n, id) in ids.iter().enumerate() {
        let path = format!("/v1/orders/{id}");
        asked.push(requests::get(&path, &whole.key, ""));
        if n % 10 == 0 {
            let path = "/v1/orders?limit=50&platform=web";
            asked.push(requests::get(path, &whole.key, ""));
        }
    }
    Ok(asked.into())
}

/// The load, and samples of the process for as long as that.
async fn both(
    process: &Process,
    samples: &Path,
    time: Duration,
    load: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let (id, time) = (process.id()?.to_string(), time.as_secs().to_string());
    let perf = async {
        let mut recorder = Command::new("perf");
        recorder
            .args([
                "record",
                "--quiet",
                "--event",
                "cpu-clock",
                "--freq",
                SAMPLES,
            ])
            .args(["--call-graph", UNWIND, "--pid", &id, "--output"])
            .arg(samples)
            .args(["--", "sleep", &time]);
        output(recorder).await?;
        anyhow::Ok(())
    };
    let (recorded, under_load) = tokio::join!(perf, load);
    under_load?;
    recorded
}

/// The stacks that were sampled, as perf writes them out.
async fn stacks(samples: &Path) -> anyhow::Result<String> {
    let mut command = Command::new("perf");
    command
        .args([
            "script",
            "--force",
            "--no-inline",
            "--fields",
            "comm,ip,sym",
            "--input",
        ])
        .arg(samples);
    output(command).await
}

async fn output(mut command: Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).output().await;
    let output = output.context(
        "a flame graph needs perf (Debian: linux-perf), which is not here: nothing was drawn",
    )?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "perf may not sample here (kernel.perf_event_paranoid above 2, or a container that \
         forbids it): nothing was drawn\n{told}"
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
