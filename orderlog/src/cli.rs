//! The command line: clap conventions, exit codes 0 done, 1 failed, 2 usage.

use crate::{api_key, dev, documents, migrate, rebuild, roles};
use clap::{Args, Parser, Subcommand};
use infra::{config::Config, telemetry};
use std::{path::PathBuf, process::ExitCode};

/// An event-sourced order system: PostgreSQL log, Kafka relay, projections,
/// read API.
#[derive(Debug, Parser)]
#[command(name = "orderlog", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every subcommand.
#[derive(Debug, Args)]
struct Global {
    /// Configuration file (TOML); environment variables `ORDERLOG_…` win over it
    #[arg(long, global = true, value_name = "FILE", env = "ORDERLOG_CONFIG")]
    config: Option<PathBuf>,
    /// Address that an HTTP role listens on; wins over file and environment
    #[arg(long, global = true, value_name = "HOST:PORT")]
    listen: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on local servers in a folder of its own
    Dev(dev::DevArgs),
    /// Role: serve commands
    CommandApi,
    /// Role: publish the log to Kafka
    Relay,
    /// Role: build the read models
    Projector,
    /// Role: serve queries
    ReadApi,
    /// Bring databases and topics up to date
    Migrate,
    /// Make or list API keys
    #[command(subcommand)]
    ApiKey(api_key::ApiKeyCommand),
    /// Build a projection again from the log
    Rebuild(rebuild::RebuildArgs),
    /// Write the OpenAPI document of both APIs
    Openapi(documents::DocumentArgs),
    /// Write the JSON Schemas of the published events
    Schemas(documents::DocumentArgs),
}

impl Cli {
    /// Does what was asked for.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let mut config = Config::load(self.global.config.as_deref())?;
        if let Some(listen) = self.global.listen {
            config.listen = listen;
        }
        telemetry::init(&config)?;
        match self.command {
            Command::Dev(args) => dev::run(config, args).await,
            Command::CommandApi => roles::run(config, roles::Role::CommandApi).await,
            Command::Relay => roles::run(config, roles::Role::Relay).await,
            Command::Projector => roles::run(config, roles::Role::Projector).await,
            Command::ReadApi => roles::run(config, roles::Role::ReadApi).await,
            Command::Migrate => migrate::run(&config).await,
            Command::ApiKey(command) => api_key::run(&config, command).await,
            Command::Rebuild(args) => rebuild::run(config, args).await,
            Command::Openapi(args) => documents::openapi(&args),
            Command::Schemas(args) => documents::schemas(&args),
        }
    }
}
