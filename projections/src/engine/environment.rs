//! What a projection works with.

use super::{applier::Applier, lock::UNHURRIED, projection::Projection};
use infra::{
    config::Config,
    log::{ContractMapping, LogReader},
    postgres::{self, Database},
    sealing::Sealing,
};
use sqlx::{Connection as _, PgConnection, PgPool};
use std::sync::Arc;

/// One projection and the servers it works with. Opens no connection yet.
pub struct Engine<P: Projection> {
    pub(super) config: Config,
    pub(super) log: LogReader,
    pub(super) mapping: Arc<dyn ContractMapping>,
    pub(super) sealing: Sealing,
    pub(super) applier: Applier<P>,
}

impl<P: Projection> Engine<P> {
    /// With connections of `views`.
    pub fn new(
        config: &Config,
        views: PgPool,
        log: LogReader,
        mapping: Arc<dyn ContractMapping>,
        sealing: Sealing,
    ) -> Self {
        Self {
            config: config.clone(),
            log: log.clone(),
            mapping: mapping.clone(),
            sealing: sealing.clone(),
            applier: Applier::new(views, log, mapping, sealing),
        }
    }

    /// How many workers it has, by this configuration.
    pub(crate) fn workers(config: &Config) -> usize {
        config.projector_workers.min(P::MOST_WORKERS).max(1)
    }

    /// Pool of the views database.
    pub const fn views(&self) -> &PgPool {
        self.applier.views()
    }

    /// A connection on which names are those of the tables in this schema, and
    /// of no others.
    pub(super) async fn connect_to(&self, schema: &str) -> Result<PgConnection, sqlx::Error> {
        let options = postgres::connect_options(Database::Views.session_url(&self.config))?
            .options(UNHURRIED)
            // What a crash of the server loses of it is filled again: rows and
            // progress are lost together.
            .options([("synchronous_commit", "off")])
            .options([("search_path", format!("\"{schema}\""))]);
        PgConnection::connect_with(&options).await
    }

    /// Full name of the topic that the projection consumes.
    pub(super) fn topic(&self) -> String {
        self.config.kafka_name(P::TOPIC.name)
    }

    /// Full name of the projection's consumer group.
    pub(super) fn group(&self) -> String {
        self.config
            .kafka_name(&format!("orderlog.projector.{}", P::NAME))
    }
}
