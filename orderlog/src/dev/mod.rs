//! `orderlog dev`: the whole system from one command.

mod examples;
mod folder;
mod sample;
mod servers;
mod steps;
mod system;

use crate::{api_key::write_secret, migrate::up_to_date};
use clap::Args;
use infra::{
    config::Config,
    lifecycle::Lifecycle,
    local_servers::{LocalServers, is_free},
    platforms::UnknownPlatform,
    secret::Secret,
    telemetry, traces,
};
use jobs::seed::MOST_ORDERS;
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};
use steps::Steps;
use url::Url;

/// Networks of this machine itself.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];
/// The configuration that `dev` leaves in its folder, for tools with `--dir`.
pub const CONFIG_FILE: &str = "config.toml";
/// What the roles say, in the folder.
const LOG_FILE: &str = "log/orderlog.log";
/// The first port that is tried for the API.
const DEFAULT_PORT: u16 = 8080;

/// How to run it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    orderlog dev\n  \
    orderlog dev --dir /srv/orderlog --port 9000\n  \
    orderlog dev --seed-orders 1000\n  \
    ORDERLOG_EVENTS_URL=postgres://me@db/events orderlog dev")]
pub struct DevArgs {
    /// Port of the API; without it 8080, or the next one that is free
    #[arg(long)]
    port: Option<u16>,
    /// Make a shop of so many orders in the background, where there is nothing yet
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=MOST_ORDERS))]
    seed_orders: u64,
}

/// Starts servers and roles, prints where they are, and runs until it is told
/// to stop or something dies.
pub async fn run(mut config: Config, dir: PathBuf, args: DevArgs) -> anyhow::Result<ExitCode> {
    let lifecycle = Lifecycle::new();
    lifecycle.stop_on_signals()?;
    let steps = Arc::new(Steps::new());
    fs::create_dir_all(&dir)?;
    let dir = dir.canonicalize()?;
    folder::prepare(&dir, &mut config)?;
    fs::create_dir_all(dir.join("log"))?;
    telemetry::init_to_file(&config, &dir.join(LOG_FILE))?;
    traces::begin(&config, "dev")?;
    let servers = lifecycle
        .shutdown
        .run_until_cancelled(servers::start(&dir, &steps))
        .await;
    // Told to stop meanwhile: dropped, the servers end at once, and the next
    // start finds what they had.
    let Some(servers) = servers.transpose()? else {
        return Ok(ExitCode::SUCCESS);
    };
    let outcome = Box::pin(run_on(config, &dir, args, &servers, &steps, &lifecycle)).await;
    lifecycle.shutdown.cancel();
    let finished = lifecycle.finished().await;
    traces::end().await;
    steps.say("stopping the servers");
    servers.stop().await;
    outcome?;
    finished?;
    steps.done("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn run_on(
    mut config: Config,
    dir: &Path,
    args: DevArgs,
    servers: &LocalServers,
    steps: &Arc<Steps>,
    lifecycle: &Lifecycle,
) -> anyhow::Result<()> {
    let given = config.clone();
    servers.configure(&mut config);
    servers::keep_given(&given, &mut config);
    // Nobody routes to it, so nobody has to be told that it goes.
    config.drain_seconds = 0;
    // Whoever tries it out has not saved any platform yet.
    config.unknown_platform = UnknownPlatform::Create;
    // Receivers that are being written run on this machine.
    let loopback = LOOPBACK.map(str::to_owned);
    config.webhook_networks = config
        .webhook_networks
        .iter()
        .cloned()
        .chain(loopback)
        .collect();
    if config.objects_url.is_empty() {
        config.objects_url = objects_url(dir)?;
    }
    config.listen = format!("127.0.0.1:{}", args.port.unwrap_or_else(free_port));
    let start = async {
        up_to_date(&config, |_| {}).await?;
        steps.done("migrate");
        let (key, worker_key) = system::keys(&config, dir).await?;
        // A key of the environment is a client's, not the worker's.
        config.api_key = Secret::default();
        config.api_key_file = worker_key;
        config.command_url = format!("http://{}", config.listen);
        config.read_url = String::new();
        write_secret(&dir.join(CONFIG_FILE), &toml::to_string(&config)?)?;
        let running = Box::pin(system::start_roles(&config, lifecycle)).await?;
        running.ready(lifecycle).await?;
        steps.done("start the roles");
        let url = format!("http://{}", running.address);
        let sample = sample::wanted(&config, args.seed_orders).await?;
        println!(
            "{}",
            system::guide(&url, &key, dir, sample.map(|s| s.orders))
        );
        steps.ready();
        if let Some(arguments) = sample {
            sample::make(arguments, (&url, &key), steps, lifecycle);
        }
        anyhow::Ok(())
    };
    // Whoever dies first ends it; a stop in the middle of the start is clean.
    tokio::select! {
        started = start => started?,
        exit = servers.exited() => anyhow::bail!("{exit}"),
        () = lifecycle.shutdown.cancelled() => return Ok(()),
    }
    tokio::select! {
        exit = servers.exited() => anyhow::bail!("{exit}"),
        () = lifecycle.shutdown.cancelled() => Ok(()),
    }
}

/// Where uploads, and what is made to be downloaded, are in the folder.
fn objects_url(dir: &Path) -> anyhow::Result<String> {
    let url = Url::from_directory_path(dir.join("objects"));
    let url = url.map_err(|()| anyhow::anyhow!("{} is no absolute path", dir.display()))?;
    Ok(url.into())
}

/// 8080 or one of the next, so that several checkouts run side by side; any
/// free one (0) if all are taken.
fn free_port() -> u16 {
    let mut ports = DEFAULT_PORT..DEFAULT_PORT + 20;
    ports.find(|port| is_free(*port)).unwrap_or(0)
}
