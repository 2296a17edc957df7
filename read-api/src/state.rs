//! What every query needs.

use crate::{
    background::Background,
    consistency::{Patience, Progress},
    cursor::Cursors,
    documents::{Documents, SellerError, Sellers},
    export::Exports,
    files::Files,
    lag::LagMonitor,
    live::Live,
    log::Log,
    measured,
    one::Cache,
    own::PlatformsOfOrders,
    relayed::Relayed,
    routes::{
        self,
        shipping::quotes::Quotes,
        statistics::{self, turns::Turns},
    },
    servers::Servers,
};
use actix_web::web::{Data, ServiceConfig};
use infra::{
    asked::Notes,
    config::Config,
    http::Readiness,
    lifecycle::Lifecycle,
    objects::{Objects, ObjectsError},
    postgres::{self, Database, Databases},
    redis::{Near, Redis, RedisError},
    views::{ORDERS_FAMILY, PLATFORMS_FAMILY, PRODUCTS_FAMILY},
};
use sqlx::PgPool;
use std::time::Duration;

/// The read API: one per process, cheap to clone.
#[derive(Clone)]
pub struct ReadApi {
    state: Data<State>,
}

/// The read API cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum ReadApiError {
    /// `redis_url` is not one.
    #[error("redis_url cannot be used")]
    Redis(#[from] RedisError),
    /// `views_url`, or one of `views_read_urls`, is not one.
    #[error("views_url or views_read_urls cannot be used")]
    Views(#[from] sqlx::Error),
    /// Objects cannot be kept as configured.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// What documents say of a seller is not usable.
    #[error(transparent)]
    Seller(#[from] SellerError),
}

/// Shared by all handlers.
pub struct State {
    /// Who is asked for orders.
    pub servers: Servers,
    /// The primary of them, for operators.
    pub views: PgPool,
    /// Jobs and schedules, for operators.
    pub ops: PgPool,
    /// Where results are; none where nobody has configured that.
    pub objects: Option<Objects>,
    pub log: Log,
    pub cursors: Cursors,
    pub progress: Progress,
    pub lag: LagMonitor,
    /// How far the relay is, for operators.
    pub relayed: Relayed,
    pub live: Live,
    pub exports: Exports,
    pub files: Files,
    pub orders: Cache,
    pub platforms_of_orders: PlatformsOfOrders,
    pub platforms: Cache,
    pub products: Cache,
    pub statistics: statistics::cached::Cache,
    /// Which statistics are asked for; none where nobody wants to know.
    pub asked: Option<Notes>,
    pub turns: Turns,
    pub quotes: Quotes,
    pub documents: Documents,
    pub redis: Redis,
    /// Where Kafka is; only operators' questions ask it.
    pub config: Config,
}

impl ReadApi {
    /// A read API on the views, with keys and secrets from the ops database.
    /// `log` answers how orders were, and what happens. Its tasks, which listen
    /// for progress, measure how far the views are behind, and read what is
    /// followed, run on `lifecycle`.
    pub fn new(
        config: &Config,
        databases: &Databases,
        log: Log,
        lifecycle: &Lifecycle,
    ) -> Result<Self, ReadApiError> {
        measured::describe();
        let redis = Redis::new(config)?;
        let servers = Servers::new(config)?;
        servers.measure(&lifecycle.pools);
        let views = servers.primary().clone();
        // A listener keeps its connection: it gets one of its own.
        let listener = postgres::pool(Database::Views.session_url(config), 1)?;
        let drain = Duration::from_secs(config.drain_seconds);
        let background = Background::new(lifecycle, drain);
        servers.watch(&background);
        let progress =
            Progress::start(servers.clone(), listener, Patience::of(config), &background);
        let most = Duration::from_secs(config.views_read_lag_seconds);
        let live = Live::start(&log, &views, &progress, &background);
        let objects = Objects::new(config)?;
        let asked = (config.warm_statistics > 0).then(Notes::new);
        if let Some(asked) = asked.clone() {
            background.spawn("asked statistics", asked.write_down(databases.ops.clone()));
        }
        let near = Near::new(&redis, ORDERS_FAMILY, config.near_cache_bytes);
        if let Some(near) = near.clone() {
            background.spawn("near cache", near.follow());
        }
        let state = State {
            cursors: Cursors::new(databases.ops.clone()),
            exports: Exports::new(config, log.clone(), live.events.feed().clone()),
            files: Files::new(config, databases.ops.clone(), objects.clone()),
            live,
            progress,
            lag: LagMonitor::start(databases.events.clone(), servers.clone(), most, &background),
            relayed: Relayed::new(config, databases.events.clone()),
            orders: Cache::new(redis.clone(), ORDERS_FAMILY).with_copies(near),
            platforms_of_orders: PlatformsOfOrders::default(),
            platforms: Cache::new(redis.clone(), PLATFORMS_FAMILY),
            products: Cache::new(redis.clone(), PRODUCTS_FAMILY),
            statistics: statistics::cached::cache(redis.clone()),
            asked,
            turns: Turns::new(config),
            quotes: Quotes::new(config, databases.ops.clone(), redis.clone()),
            documents: Documents::new(Sellers::load(config)?, redis.clone()),
            servers,
            views,
            ops: databases.ops.clone(),
            objects,
            log,
            redis,
            config: config.clone(),
        };
        Ok(Self {
            state: Data::new(state),
        })
    }

    /// Adds what it depends on: one of the servers of the views. It can do
    /// without Redis.
    #[must_use]
    pub fn readiness(&self, readiness: Readiness) -> Readiness {
        let (servers, redis) = (self.state.servers.clone(), self.state.redis.clone());
        readiness
            .check("views", move || {
                let route = servers.for_one().uncounted();
                async move {
                    let asked = route
                        .read(|views| async move { sqlx::query("SELECT 1").execute(&views).await });
                    asked.await.map(|_| ())
                }
            })
            .check_optional("redis", move || {
                let redis = redis.clone();
                async move { redis.ping().await }
            })
    }

    /// Mounts its routes.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config.app_data(self.state.clone());
        routes::configure(config);
    }
}
