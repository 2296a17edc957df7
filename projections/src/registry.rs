//! The projections there are. The role runs them all; tools find one by its
//! name.

use crate::{
    Sources, SpawnError,
    engine::{
        self, Announcer, Engine, OnProgress, Projection, RebuildError, RebuildReport,
        announce_rebuilt, verify::Compared,
    },
    orders::Orders,
};
use futures_util::future::BoxFuture;
use infra::{config::Config, lifecycle::Lifecycle, redis::Redis};
use sqlx::PgConnection;
use std::{marker::PhantomData, sync::Arc};

/// Every projection of this release.
pub static ALL: &[&dyn Registered] = &[&Entry::<Orders>::NEW];

/// The projection with this name.
pub fn find(name: &str) -> Option<&'static dyn Registered> {
    ALL.iter()
        .copied()
        .find(|projection| projection.name() == name)
}

/// A projection, whatever its rows are.
pub trait Registered: Compared {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Starts the workers that follow Kafka for it, and the task that carries
    /// out its builds.
    fn spawn(&self, sources: Sources, lifecycle: &Lifecycle) -> Result<engine::Status, SpawnError>;

    /// Makes a build with `workers` writers, or goes on with the open one.
    fn rebuild<'a>(
        &'a self,
        sources: Sources,
        workers: usize,
        progress: &'a OnProgress<'a>,
    ) -> BoxFuture<'a, Result<RebuildReport, RebuildError>>;

    /// Gives the open build up; its number.
    fn cancel(&self, sources: Sources) -> BoxFuture<'_, Result<Option<i64>, RebuildError>>;

    /// Makes sure that its tables are there.
    fn make_empty<'a>(
        &'a self,
        views: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>>;
}

/// A projection's place in the registry.
pub struct Entry<P>(PhantomData<fn() -> P>);

impl<P> Entry<P> {
    /// For `P`.
    pub const NEW: Self = Self(PhantomData);
}

impl<P: Projection> Registered for Entry<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn spawn(&self, sources: Sources, lifecycle: &Lifecycle) -> Result<engine::Status, SpawnError> {
        let redis = redis(&sources.config)?;
        let engine = engine::<P>(sources).map_err(SpawnError::Views)?;
        let announcer = Announcer::spawn::<P>(engine.views().clone(), redis, lifecycle);
        engine::spawn(&engine, &announcer, lifecycle).map_err(SpawnError::Thread)
    }

    fn rebuild<'a>(
        &'a self,
        sources: Sources,
        workers: usize,
        progress: &'a OnProgress<'a>,
    ) -> BoxFuture<'a, Result<RebuildReport, RebuildError>> {
        Box::pin(async move {
            let redis = redis(&sources.config);
            let engine = engine::<P>(sources)?;
            let report = engine::rebuild(&engine, workers, progress).await?;
            // What is cached of the old build expires by itself if Redis is
            // away.
            if let Ok(redis) = redis {
                announce_rebuilt::<P>(engine.views(), &redis).await;
            }
            Ok(report)
        })
    }

    fn cancel(&self, sources: Sources) -> BoxFuture<'_, Result<Option<i64>, RebuildError>> {
        Box::pin(async move { engine::cancel(&*engine::<P>(sources)?).await })
    }

    fn make_empty<'a>(
        &'a self,
        views: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(engine::make_empty::<P>(views))
    }
}

fn redis(config: &Config) -> Result<Redis, SpawnError> {
    Redis::new(config).map_err(|error| SpawnError::Redis(error.into()))
}

fn engine<P: Projection>(sources: Sources) -> Result<Arc<Engine<P>>, sqlx::Error> {
    let Sources {
        config,
        log,
        mapping,
        sealing,
    } = sources;
    Ok(Arc::new(Engine::new(&config, log, mapping, sealing)?))
}
