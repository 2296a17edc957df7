//! The command line: clap conventions, exit codes 0 done, 1 failed, 2 usage.

use crate::{
    api_key, audit, cache, dev, doctor, documents, epoch, erasures, export, health, import, jobs,
    listen, migrate, parked, rebuild, replay, roles, schedules, seed, verify,
};
use clap::{Args, Parser, Subcommand};
use infra::{config::Config, lifecycle::Lifecycle, telemetry};
use std::{path::PathBuf, process::ExitCode};
use tokio_util::sync::CancellationToken;

/// An event-sourced order system: PostgreSQL log, Kafka relay, projections,
/// read API.
#[derive(Debug, Parser)]
#[command(name = "orderlog", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Task,
}

/// Flags of every subcommand.
#[derive(Debug, Args)]
struct Global {
    /// Configuration file (TOML); environment variables `ORDERLOG_…` win over it
    #[arg(long, global = true, value_name = "FILE", env = "ORDERLOG_CONFIG")]
    config: Option<PathBuf>,
    /// Folder of `orderlog dev`: its servers are used (and, by `dev`, started)
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Address that an HTTP role listens on; wins over file and environment
    #[arg(long, global = true, value_name = "HOST:PORT")]
    listen: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run everything on local servers in a folder of its own
    Dev(dev::DevArgs),
    /// Role: serve commands
    #[command(after_help = "Examples:\n  orderlog command-api --listen 0.0.0.0:8080")]
    CommandApi,
    /// Role: publish the log to Kafka
    Relay,
    /// Role: build the read models
    Projector,
    /// Role: serve queries
    #[command(after_help = "Examples:\n  orderlog read-api --listen 0.0.0.0:8080")]
    ReadApi,
    /// Role: run the process managers and the job queue
    #[command(
        after_help = "Examples:\n  ORDERLOG_COMMAND_URL=http://127.0.0.1:8080 ORDERLOG_API_KEY_FILE=worker-api-key \\\n    orderlog worker --listen 0.0.0.0:8081"
    )]
    Worker,
    /// Role: show it all to people, as a client of both APIs
    #[command(
        after_help = "Examples:\n  ORDERLOG_COMMAND_URL=http://127.0.0.1:8080 \\\n    orderlog console --listen 0.0.0.0:8082"
    )]
    Console,
    /// Bring databases and topics up to date
    #[command(
        after_help = "Examples:\n  orderlog migrate\n  orderlog migrate --dir .orderlog\n  orderlog migrate --database-roles"
    )]
    Migrate(migrate::MigrateArgs),
    /// Ask an address whether all is well (for container health checks)
    Health(health::HealthArgs),
    /// Make, list or revoke API keys
    #[command(
        after_help = "Examples:\n  orderlog api-key create --name shop --dir .orderlog\n  orderlog api-key list\n  orderlog api-key revoke key_01890a5dac96774bbcceb302099a8057"
    )]
    #[command(subcommand)]
    ApiKey(api_key::ApiKeyCommand),
    /// Import an order history into a running system
    Import(import::ImportArgs),
    // These describe themselves.
    Seed(seed::SeedArgs),
    Listen(listen::ListenArgs),
    Export(export::ExportArgs),
    /// Compare the log, Kafka and the projections, and repair the latter
    Verify(verify::VerifyArgs),
    // These describe themselves.
    Replay(replay::ReplayArgs),
    Audit(audit::AuditArgs),
    Doctor(doctor::DoctorArgs),
    /// Build a projection again from the log, while it is served
    Rebuild(rebuild::RebuildArgs),
    /// Orders, or else, that wait because an event of theirs cannot be applied
    #[command(
        after_help = "Examples:\n  orderlog parked list\n  orderlog parked list --projection products\n  orderlog parked show 01890a5d-ac96-774b-bcce-b302099a8057\n  orderlog parked redrive --all"
    )]
    #[command(subcommand)]
    Parked(parked::ParkedCommand),
    /// Look at the work that happens outside of requests, retry it, cancel it
    #[command(
        after_help = "Examples:\n  orderlog jobs list --state dead\n  orderlog jobs show 019ac1f0-7c3e-7a41-9c55-2f4d6d0c11aa\n  orderlog jobs retry --all-dead --kind jobs.retention\n  orderlog jobs cancel 019ac1f0-7c3e-7a41-9c55-2f4d6d0c11aa"
    )]
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// Look at what is done at certain times, pause it, do it now
    #[command(
        after_help = "Examples:\n  orderlog schedules list\n  orderlog schedules run jobs-retention"
    )]
    #[command(subcommand)]
    Schedules(schedules::SchedulesCommand),
    /// Delete what Redis keeps of answers
    #[command(subcommand)]
    Cache(cache::CacheCommand),
    /// Erasures of personal data, as the log knows them
    #[command(after_help = "Examples:\n  orderlog erasures reapply")]
    #[command(subcommand)]
    Erasures(erasures::ErasuresCommand),
    /// After a restored backup or a lost Kafka: begin a new epoch, publish again
    #[command(
        after_help = "Examples:\n  orderlog epoch show\n  orderlog epoch bump --reason 'restored the backup of Monday'\n  orderlog epoch republish --yes"
    )]
    #[command(subcommand)]
    Epoch(epoch::EpochCommand),
    /// Write the OpenAPI document of both APIs
    Openapi(documents::DocumentArgs),
    /// Write the AsyncAPI document of the Kafka topics
    Asyncapi(documents::DocumentArgs),
    /// Write the JSON Schemas of the published events
    #[command(
        after_help = "Examples:\n  orderlog schemas --out contracts/schemas\n  orderlog schemas --release v1.1"
    )]
    Schemas(documents::SchemaArgs),
}

/// Where `dev` keeps everything unless told otherwise.
const DEFAULT_DIR: &str = ".orderlog";

impl Global {
    /// The file of the configuration, if there is one: that of a `dev` folder
    /// where one is named. `dev` itself writes that file and does not read it.
    fn file(&self, command: &Task) -> anyhow::Result<Option<PathBuf>> {
        let of_dir = match (&self.dir, command) {
            (None, _) | (_, Task::Dev(_)) => None,
            (Some(dir), _) => Some(dir.join(dev::CONFIG_FILE)),
        };
        if let Some(file) = &of_dir {
            anyhow::ensure!(
                file.is_file(),
                "{} is not there: is `orderlog dev` running in that folder?",
                file.display()
            );
        }
        Ok(of_dir.or_else(|| self.config.clone()))
    }
}

/// A token that the first SIGINT or SIGTERM cancels.
fn stopped() -> anyhow::Result<CancellationToken> {
    let lifecycle = Lifecycle::new();
    lifecycle.stop_on_signals()?;
    Ok(lifecycle.shutdown)
}

impl Cli {
    /// Does what was asked for.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let file = self.global.file(&self.command)?;
        let mut config = Config::load(file.as_deref())?;
        if let Some(listen) = &self.global.listen {
            config.listen.clone_from(listen);
        }
        let dir = self
            .global
            .dir
            .unwrap_or_else(|| PathBuf::from(DEFAULT_DIR));
        // `dev` keeps the terminal for people and logs to its folder.
        if !matches!(self.command, Task::Dev(_)) {
            telemetry::init(&config)?;
        }
        match self.command {
            Task::Dev(args) => Box::pin(dev::run(config, dir, args)).await,
            Task::CommandApi => roles::run(config, roles::Role::CommandApi).await,
            Task::Relay => roles::run(config, roles::Role::Relay).await,
            Task::Projector => roles::run(config, roles::Role::Projector).await,
            Task::ReadApi => roles::run(config, roles::Role::ReadApi).await,
            Task::Worker => roles::run(config, roles::Role::Worker).await,
            Task::Console => roles::run(config, roles::Role::Console).await,
            Task::Health(args) => health::run(args).await,
            Task::Migrate(args) => migrate::run(&config, args).await,
            Task::ApiKey(command) => api_key::run(&config, command).await,
            Task::Import(args) => Box::pin(import::run(args, stopped()?)).await,
            Task::Seed(args) => Box::pin(seed::run(args, stopped()?)).await,
            Task::Listen(args) => Box::pin(listen::run(args, stopped()?)).await,
            Task::Export(args) => Box::pin(export::run(args, stopped()?)).await,
            Task::Verify(args) => Box::pin(verify::run(&args, &config)).await,
            Task::Replay(args) => replay::run(args, &config, stopped()?).await,
            Task::Audit(args) => Box::pin(audit::run(&args, &config, stopped()?)).await,
            Task::Doctor(args) => {
                let settings = doctor::settings(file.as_deref(), self.global.listen)?;
                Box::pin(doctor::run(&args, &config, settings)).await
            }
            Task::Rebuild(args) => Box::pin(rebuild::run(config, &args, &stopped()?)).await,
            Task::Parked(command) => parked::run(&config, command).await,
            Task::Jobs(command) => jobs::run(&config, command).await,
            Task::Schedules(command) => schedules::run(&config, command).await,
            Task::Cache(command) => cache::run(&config, command).await,
            Task::Erasures(command) => erasures::run(&config, command).await,
            Task::Epoch(command) => epoch::run(&config, command).await,
            Task::Openapi(args) => documents::openapi(&args),
            Task::Asyncapi(args) => documents::asyncapi(&args),
            Task::Schemas(args) => documents::schemas(&args),
        }
    }
}
