//! The roles that nobody calls: relay, projector and worker.

use crate::{keys::sealing, mapping::Mapping};
use command_api::BulkLines;
use infra::{
    config::Config,
    epoch::{self, Guard},
    http::Readiness,
    lifecycle::Lifecycle,
    log::LogReader,
    postgres::{Database, Databases},
    relay::{self, RelayState, RelayStatus},
};
use jobs::{
    process::{self, WorkerState},
    work,
};
use read_api::{ExportFiles, Log};
use sqlx::PgPool;
use std::sync::Arc;

/// Connections that a projector reads the log with, for rebuilds and refolds, and a
/// worker, for exports.
const LOG_CONNECTIONS: u32 = 4;

/// Starts the relay; `ready` learns how it is doing.
pub fn relay(
    config: &Config,
    lifecycle: &Lifecycle,
    ready: Readiness,
) -> anyhow::Result<Readiness> {
    let status = relay::spawn(config, Arc::new(Mapping), lifecycle)?;
    Ok(ready.check("relay", move || {
        let status = status.clone();
        async move {
            let RelayStatus { state, .. } = *status.borrow();
            match state {
                RelayState::Leading | RelayState::Standby => Ok(()),
                waiting => Err(format!("{waiting:?}")),
            }
        }
    }))
}

/// Starts the projector; `ready` learns how it is doing.
pub fn projector(
    config: &Config,
    lifecycle: &Lifecycle,
    ready: Readiness,
) -> anyhow::Result<Readiness> {
    let events = epoch::pool(&config.events_url, LOG_CONNECTIONS)?;
    lifecycle.pools.add(Database::Events, &events);
    let log = LogReader::new(events);
    let (mapping, sealing) = (Arc::new(Mapping), sealing(config)?);
    let status = projections::spawn(config, log, mapping, sealing, lifecycle)?;
    Ok(ready.check("projector", move || {
        let status = status.clone();
        async move {
            if status.ready() {
                Ok(())
            } else {
                Err(format!("{:?}", status.workers()))
            }
        }
    }))
}

/// Starts the worker, which runs the process managers and the job queue;
/// `ready` learns how it is doing.
pub fn worker(
    config: &Config,
    lifecycle: &Lifecycle,
    ready: Readiness,
) -> anyhow::Result<Readiness> {
    let status = process::spawn(config, Arc::new(Mapping), lifecycle)?;
    let events = epoch::pool(&config.events_url, LOG_CONNECTIONS)?;
    lifecycle.pools.add(Database::Events, &events);
    let exports = export_files(config, events.clone(), lifecycle)?;
    let queries = work::Queries {
        views: Arc::new(exports.views(events)),
        exports: Arc::new(exports),
    };
    work::spawn(config, (queries, Arc::new(BulkLines)), lifecycle)?;
    let commands = status.clone();
    let ready = ready.check("worker", move || {
        let consumer = status.consumer();
        async move {
            match consumer {
                WorkerState::Following => Ok(()),
                waiting => Err(format!("{waiting:?}")),
            }
        }
    });
    // Steps wait for the command API, and nobody waits for the steps.
    Ok(ready.check_optional("commands", move || {
        let answer = commands.commands();
        async move { answer }
    }))
}

/// What writes the files of exports: queries know what they hold.
fn export_files(
    config: &Config,
    events: PgPool,
    lifecycle: &Lifecycle,
) -> anyhow::Result<ExportFiles> {
    let guard = Guard::new(events.clone());
    let watch = guard.clone().watch(lifecycle.shutdown.clone());
    lifecycle.spawn("log guard", async {
        watch.await;
        Ok(())
    });
    let reader = LogReader::new(events);
    let log = Log::new(reader, Arc::new(Mapping), sealing(config)?, guard);
    Ok(ExportFiles::new(config, log, lifecycle)?)
}

/// The worker as a process of its own.
pub fn lone_worker(config: &Config, lifecycle: &Lifecycle) -> anyhow::Result<Readiness> {
    let ops = Databases::new(config)?.ops;
    lifecycle.pools.add(Database::Ops, &ops);
    worker(config, lifecycle, Readiness::new().postgres("ops", ops))
}
