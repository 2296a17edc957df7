//! Roles: what a process of a deployment does. Each has health and metrics
//! of its own.

mod apis;
mod front;
mod lone_console;
mod notify;
mod workers;

pub use apis::{Apis, Front};
pub use workers::{projector, relay, worker};

use workers::lone_worker;

use infra::{
    config::Config,
    http::{Readiness, serve},
    lifecycle::Lifecycle,
    open_files, traces,
};
use std::process::ExitCode;

/// What a process can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Serves commands.
    CommandApi,
    /// Serves queries.
    ReadApi,
    /// Publishes the log.
    Relay,
    /// Builds the read models.
    Projector,
    /// Runs the process managers and the job queue.
    Worker,
    /// Shows it all to people.
    Console,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::CommandApi => "command-api",
            Self::ReadApi => "read-api",
            Self::Relay => "relay",
            Self::Projector => "projector",
            Self::Worker => "worker",
            Self::Console => "console",
        }
    }
}

/// Runs one role until it is told to stop, or fails.
pub async fn run(config: Config, role: Role) -> anyhow::Result<ExitCode> {
    open_files::raise_limit();
    let lifecycle = Lifecycle::new();
    lifecycle.stop_on_signals()?;
    traces::begin(&config, role.name())?;
    let started = Box::pin(start(&config, role, &lifecycle)).await;
    if started.is_err() {
        lifecycle.shutdown.cancel();
    }
    let finished = lifecycle.finished().await;
    traces::end().await;
    started?;
    finished?;
    Ok(ExitCode::SUCCESS)
}

async fn start(config: &Config, role: Role, lifecycle: &Lifecycle) -> anyhow::Result<()> {
    let ready = match role {
        Role::CommandApi | Role::ReadApi => {
            let front = if role == Role::CommandApi {
                Front::Commands
            } else {
                Front::Queries
            };
            let apis = Apis::new(config, lifecycle, front)?;
            let (ready, configure) = (apis.readiness(), apis.configure());
            let address = serve(config, lifecycle, role.name(), ready.clone(), configure).await?;
            notify::tell(config, ready, address, lifecycle);
            return Ok(());
        }
        Role::Console => {
            let (ready, configure) = lone_console::lone(config)?;
            let address = serve(config, lifecycle, role.name(), ready.clone(), configure).await?;
            notify::tell(config, ready, address, lifecycle);
            return Ok(());
        }
        Role::Relay => relay(config, lifecycle, Readiness::new())?,
        Role::Projector => projector(config, lifecycle, Readiness::new())?,
        Role::Worker => lone_worker(config, lifecycle)?,
    };
    let address = serve(config, lifecycle, role.name(), ready.clone(), |_| {}).await?;
    notify::tell(config, ready, address, lifecycle);
    Ok(())
}
