//! The projector role: every projection, each with workers of its own.

use crate::{
    RebuildError, RebuildReport, Sources, SpawnError, WorkerState,
    engine::{self, OnProgress, Shared},
    orders::Orders,
    registry::{self, Registered},
};
use infra::{config::Config, lifecycle::Lifecycle, log::ContractMapping, log::LogReader};
use infra::{
    postgres::{Database, connect_options},
    sealing::Sealing,
};
use sqlx::{Connection as _, PgConnection};
use std::sync::Arc;

/// What the role is doing. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Status(Vec<engine::Status>);

impl Status {
    /// Whether every worker of every projection applies events as they come,
    /// and the views are there to be written.
    pub fn ready(&self) -> bool {
        self.0.iter().all(engine::Status::ready)
    }

    /// What each worker is doing.
    pub fn workers(&self) -> Vec<WorkerState> {
        self.0.iter().flat_map(engine::Status::workers).collect()
    }
}

/// Starts the projector role: for each projection `config.projector_workers`
/// consumers, or as many as it has use for, each on a thread of its own, until the
/// lifecycle ends. Servers
/// that are away are waited for; a record that cannot be applied ends the role
/// with an error that names it.
///
/// Has to be called within a Tokio runtime. The answer tells whether the role
/// is ready.
pub fn spawn(
    config: &Config,
    log: LogReader,
    mapping: Arc<dyn ContractMapping>,
    sealing: Sealing,
    lifecycle: &Lifecycle,
) -> Result<Status, SpawnError> {
    let config = config.clone();
    let sources = Sources {
        config,
        log,
        mapping,
        sealing,
    };
    spawn_these(registry::ALL, &sources, lifecycle)
}

/// The same for some projections.
pub fn spawn_these(
    projections: &[&dyn Registered],
    sources: &Sources,
    lifecycle: &Lifecycle,
) -> Result<Status, SpawnError> {
    let workers = projections.iter().map(|p| p.workers(&sources.config));
    let size = (projections.len(), workers.sum());
    let shared = Shared::begin(&sources.config, size, lifecycle)?;
    let started = projections
        .iter()
        .map(|projection| projection.spawn(sources.clone(), &shared, lifecycle));
    Ok(Status(started.collect::<Result<_, _>>()?))
}

/// Makes the projection `orders` anew from the log, whatever state it is in.
/// Readers see the old rows until the new ones are complete; running
/// projectors go on from the new build.
pub async fn rebuild(
    config: &Config,
    log: LogReader,
    mapping: Arc<dyn ContractMapping>,
    sealing: Sealing,
    progress: &OnProgress<'_>,
) -> Result<RebuildReport, RebuildError> {
    let config = config.clone();
    let workers = config.projector_workers;
    let sources = Sources {
        config,
        log,
        mapping,
        sealing,
    };
    let orders = registry::Entry::<Orders>::NEW;
    orders.rebuild(sources, workers, progress).await
}

/// Makes sure that the tables of every projection are there: those of one that
/// was never built are empty until it is.
pub async fn make_empty(config: &Config) -> Result<(), sqlx::Error> {
    let options = connect_options(Database::Views.session_url(config))?;
    let mut views = PgConnection::connect_with(&options).await?;
    for projection in registry::ALL {
        projection.make_empty(&mut views).await?;
    }
    views.close().await
}
