//! The projections there are. The role runs them all; tools find one by its
//! name.

use crate::{
    Sources, SpawnError,
    engine::{
        self, Announcer, Engine, OnProgress, Projection, RebuildError, RebuildReport, Shared,
        announce_rebuilt, verify::Compared,
    },
    orders::Orders,
    whole::{Platforms, Products, ShippingMethods, ShippingZones, Whole},
};
use futures_util::future::BoxFuture;
use infra::{config::Config, lifecycle::Lifecycle, postgres, redis::Redis};
use sqlx::{PgConnection, PgPool};
use std::{marker::PhantomData, sync::Arc};

/// Every projection of this release.
pub static ALL: &[&dyn Registered] = &[
    &Entry::<Orders>::NEW,
    &Entry::<Whole<Platforms>>::NEW,
    &Entry::<Whole<Products>>::NEW,
    &Entry::<Whole<ShippingZones>>::NEW,
    &Entry::<Whole<ShippingMethods>>::NEW,
];

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

    /// How many workers follow Kafka for it, by this configuration.
    fn workers(&self, config: &Config) -> usize;

    /// Starts them, and the task that carries out its builds.
    fn spawn(
        &self,
        sources: Sources,
        shared: &Shared,
        lifecycle: &Lifecycle,
    ) -> Result<engine::Status, SpawnError>;

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

    fn workers(&self, config: &Config) -> usize {
        Engine::<P>::workers(config)
    }

    fn spawn(
        &self,
        sources: Sources,
        shared: &Shared,
        lifecycle: &Lifecycle,
    ) -> Result<engine::Status, SpawnError> {
        let (views, redis) = (shared.views.clone(), shared.redis.clone());
        let engine = engine::<P>(sources, views.clone());
        let announcer = Announcer::spawn::<P>(views, redis, lifecycle);
        engine::spawn(&engine, &announcer, shared, lifecycle).map_err(SpawnError::Thread)
    }

    fn rebuild<'a>(
        &'a self,
        sources: Sources,
        workers: usize,
        progress: &'a OnProgress<'a>,
    ) -> BoxFuture<'a, Result<RebuildReport, RebuildError>> {
        Box::pin(async move {
            let redis = Redis::new(&sources.config);
            let engine = alone::<P>(sources)?;
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
        Box::pin(async move { engine::cancel(&*alone::<P>(sources)?).await })
    }

    fn make_empty<'a>(
        &'a self,
        views: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(engine::make_empty::<P>(views))
    }
}

/// With connections of its own, of which a build needs two.
fn alone<P: Projection>(sources: Sources) -> Result<Arc<Engine<P>>, sqlx::Error> {
    let views = postgres::pool(&sources.config.views_url, 2)?;
    Ok(engine(sources, views))
}

fn engine<P: Projection>(sources: Sources, views: PgPool) -> Arc<Engine<P>> {
    let Sources {
        config,
        log,
        mapping,
        sealing,
    } = sources;
    Arc::new(Engine::new(&config, views, log, mapping, sealing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use infra::views::models;

    /// What readers know of it is what it is; one that they know nothing of they take
    /// to be of orders.
    #[test]
    fn every_read_model_is_a_projection_and_any_other_projection_is_of_orders() {
        for model in models::ALL {
            let projection = find(model.name).expect(model.name);
            assert_eq!(projection.aggregate_type(), model.aggregate_type);
            assert_eq!(projection.topic(), model.topic);
        }
        for projection in ALL {
            let known = models::named(projection.name()).is_some();
            let of_orders = projection.topic() == models::ORDERS.topic;
            assert!(known || of_orders, "{}", projection.name());
        }
    }

    #[test]
    fn there_are_no_more_workers_than_partitions() {
        let config = Config {
            projector_workers: 20,
            ..Config::default()
        };
        let workers = |name: &str| find(name).map(|projection| projection.workers(&config));
        assert_eq!(workers(models::ORDERS.name), Some(12));
        assert_eq!(workers(models::PRODUCTS.name), Some(1));
        let config = Config {
            projector_workers: 0,
            ..Config::default()
        };
        assert!(ALL.iter().all(|p| p.workers(&config) == 1));
    }
}
