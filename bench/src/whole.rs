//! The whole path as processes, from a command to what is read, with orders in
//! it.

use crate::{backlog, http, process::Process, project::applied};
use anyhow::ensure;
use infra::{config::Config, kafka::ensure_topics, postgres};
use sqlx::PgPool;
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// Between looks at how far the projector is.
const LOOK: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_mins(20);
/// Events of an order, as [`backlog`] copies them.
const EVENTS: i64 = 4;

/// Running roles.
pub struct Whole {
    pub commands: Process,
    pub reads: Process,
    /// An API key of it.
    pub key: String,
    pub views: PgPool,
    pub relay: Process,
    pub projector: Process,
    config: Config,
}

impl Whole {
    /// Starts them.
    pub async fn start(config: &Config, folder: &Path) -> anyhow::Result<Self> {
        postgres::migrate_all(config).await?;
        projections::make_empty(config).await?;
        ensure_topics(config).await?;
        let start = |role| Process::start(config, role, folder);
        Ok(Self {
            relay: start("relay").await?,
            projector: start("projector").await?,
            commands: start("command-api").await?,
            reads: start("read-api").await?,
            key: http::key(config).await?,
            views: postgres::pool(&config.views_url, 1)?,
            config: config.clone(),
        })
    }

    /// Starts them on databases and topics that have so many orders and hardly more,
    /// and are kept for whoever else asks for as many in this run: a million of
    /// them take minutes.
    pub async fn with_orders(config: &Config, folder: &Path, orders: i64) -> anyhow::Result<Self> {
        let config = apart(config, &format!("of_{orders}"));
        let whole = Box::pin(Self::start(&config, folder)).await?;
        whole.grow(orders).await?;
        Ok(whole)
    }

    /// Where its servers and databases are.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Appends orders until there are so many that can be read, and brings the
    /// tables into the state in which autovacuum leaves them.
    pub async fn grow(&self, orders: i64) -> anyhow::Result<()> {
        let log = postgres::pool(&self.config.events_url, 1)?;
        let missing = orders - self.orders().await?;
        if missing > 0 {
            backlog::append(&self.config, missing * EVENTS).await?;
        }
        let stored = backlog::stored(&log).await?;
        let deadline = Instant::now() + PATIENCE;
        while applied(&self.views).await? < stored || self.is_publishing().await? {
            ensure!(Instant::now() < deadline, "the projector takes too long");
            sleep(LOOK).await;
        }
        for (pool, statements) in [
            (&log, ["VACUUM ANALYZE events", "CHECKPOINT"]),
            (&self.views, ["VACUUM ANALYZE", "CHECKPOINT"]),
        ] {
            for statement in statements {
                sqlx::query(statement).execute(pool).await?;
            }
        }
        Ok(())
    }

    /// Whether documents are yet to be published, which costs what reads are
    /// measured with.
    async fn is_publishing(&self) -> anyhow::Result<bool> {
        let left = sqlx::query_scalar("SELECT EXISTS (SELECT FROM projection_changes)");
        Ok(left.fetch_one(&self.views).await?)
    }

    async fn orders(&self) -> anyhow::Result<i64> {
        let count = sqlx::query_scalar("SELECT count(*) FROM orders");
        Ok(count.fetch_one(&self.views).await?)
    }
}

/// Databases, topics and keys of their own on the same servers: what one row
/// leaves behind is nothing that another one works on.
pub fn apart(config: &Config, name: &str) -> Config {
    let mut config = config.clone();
    for url in [
        &mut config.events_url,
        &mut config.views_url,
        &mut config.ops_url,
    ] {
        *url = format!("{url}_{name}");
    }
    config.kafka_prefix = format!("{}{name}.", config.kafka_prefix);
    config.redis_prefix = format!("{}{name}:", config.redis_prefix);
    config
}
