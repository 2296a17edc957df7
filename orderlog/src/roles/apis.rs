//! The HTTP APIs, apart or behind one front.

use super::front::{self, Documentation};
use crate::{keys::sealing, mapping::Mapping, openapi};
use actix_web::web::{Data, ServiceConfig};
use command_api::{CommandApi, Exports, Uploads, Webhooks};
use domain::ids::platform_id;
use infra::{
    config::Config,
    epoch::Guard,
    event_store::LogHint,
    http::{Authenticator, PlatformLimits, ProblemTypes, Readiness},
    lifecycle::Lifecycle,
    log::LogReader,
    platforms::Directory,
    postgres::{self, Database, Databases},
    sealing::MasterKey,
    webhooks,
};
use read_api::{Log, ReadApi};
use std::sync::Arc;

/// Which APIs a server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// Commands only.
    Commands,
    /// Queries only.
    Queries,
    /// Both, as nginx puts them together.
    Both,
}

/// The APIs of one process.
pub struct Apis {
    commands: Option<Data<CommandApi>>,
    queries: Option<ReadApi>,
    authenticator: Authenticator,
    platform_limits: PlatformLimits,
    documentation: Documentation,
    readiness: Readiness,
}

impl Apis {
    /// Makes the state of the APIs behind `front`.
    pub fn new(config: &Config, lifecycle: &Lifecycle, front: Front) -> anyhow::Result<Self> {
        let databases = Databases::new(config)?;
        let pools = &lifecycle.pools;
        pools.add(Database::Events, &databases.events);
        pools.add(Database::Ops, &databases.ops);
        let mut readiness = Readiness::new().postgres("ops", databases.ops.clone());
        let events = databases.events.clone();
        let guard = Guard::new(events.clone());
        let watch = guard.clone().watch(lifecycle.shutdown.clone());
        lifecycle.spawn("log guard", async {
            watch.await;
            Ok(())
        });
        let (mapping, sealing) = (Arc::new(Mapping), sealing(config)?);
        // Orders are decided by what it says; queries are only limited by it.
        let hints = match front {
            Front::Queries => None,
            Front::Commands | Front::Both => Some(postgres::listener(config, &events)?),
        };
        let platforms = Arc::new(Directory::new(
            events.clone(),
            hints,
            mapping.clone(),
            platform_id,
            config.platforms.clone(),
        ));
        let commands = if front == Front::Queries {
            None
        } else {
            let checked = guard.clone();
            readiness = readiness
                .postgres("events", events.clone())
                .check("epoch", move || {
                    let refused = checked.refused();
                    async move { refused.map_or(Ok(()), Err) }
                });
            let hint = LogHint::start(events.clone(), lifecycle.shutdown.clone());
            let webhooks = Webhooks {
                ops: databases.ops.clone(),
                key: Arc::new(MasterKey::from_config(config)?),
                guard: webhooks::Guard::of(config)?,
            };
            let api = CommandApi::new(
                config,
                (events.clone(), platforms.clone()),
                hint,
                mapping.clone(),
                sealing.clone(),
                (webhooks, Uploads::new(config, databases.ops.clone())?),
            );
            let exports = Exports::new(config, databases.ops.clone(), read_api::check_export);
            let api = api.guarded(guard.clone()).exporting(exports);
            Some(Data::new(api))
        };
        let queries = if front == Front::Commands {
            None
        } else {
            let listener = postgres::listener(config, &events)?;
            let reader = LogReader::new(events).listening_on(listener);
            let log = Log::new(reader, mapping, sealing, guard);
            let api = ReadApi::new(config, &databases, log, lifecycle)?;
            readiness = api.readiness(readiness);
            Some(api)
        };
        Ok(Self {
            commands,
            queries,
            authenticator: Authenticator::new(config, databases.ops)?,
            platform_limits: PlatformLimits::new(platforms),
            documentation: Documentation::of(&openapi::merged()),
            readiness,
        })
    }

    /// What the APIs depend on.
    pub fn readiness(&self) -> Readiness {
        self.readiness.clone()
    }

    /// Mounts them.
    pub fn configure(&self) -> impl Fn(&mut ServiceConfig) + Clone + Send + use<> {
        let (commands, queries) = (self.commands.clone(), self.queries.clone());
        let (authenticator, limits) = (self.authenticator.clone(), self.platform_limits.clone());
        let documentation = self.documentation.clone();
        move |config| {
            config.app_data(authenticator.clone());
            config.app_data(limits.clone());
            // One origin stands in front of both: whichever API it asks knows
            // the documentation of both.
            config.app_data(ProblemTypes(&[
                read_api::PROBLEM_TYPES,
                command_api::PROBLEM_TYPES,
            ]));
            // Queries first: `POST /v1/orders/lookup` is below the path of an
            // order too, and commands claim everything there.
            if let Some(queries) = &queries {
                queries.configure(config);
            }
            if let Some(commands) = &commands {
                config.app_data(commands.clone());
                command_api::configure(config);
            }
            front::documentation(config, &documentation);
        }
    }
}
