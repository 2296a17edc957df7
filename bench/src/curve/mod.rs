//! Row `curve`: what everything costs as orders become more, each held against itself
//! at the smallest size. One log grows from each size to the next; the views are made
//! anew from it, by the product itself.
//!
//! At each size, in this order, so that little is measured beside more than it says:
//! events to Kafka, views from the log, what is read, what is stored; then a piece of
//! new events to Kafka and from there to the views; then commands.

mod disk;
mod held;
mod orders;
mod placing;
mod reads;
mod writes;

use crate::{http, process::Process, project, relay, row::Figure, workload::executor};
use command_api::Orders as Recorded;
use held::{Held, Work};
use infra::{
    command::Executor,
    config::{Config, EventStoreKind},
    kafka::ensure_topics,
    local_servers::free_port,
    postgres,
};
use orders::Orders;
use reads::Reads;
use sqlx::PgPool;
use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

const QUICK: &[i64] = &[1_000, 10_000];
const USUAL: &[i64] = &[10_000, 100_000, 1_000_000];
/// Takes hours and 130 GB.
const FULL: &[i64] = &[10_000, 100_000, 1_000_000, 10_000_000];

const APPEND: Work = Work::flat("append, 64 clients", "commands/s");
const HTTP: Work = Work::flat("http, 64 clients", "commands/s");
const RELAY: Work = Work::flat("relay of a piece", "events/s");
const PROJECT: Work = Work::flat("project of a piece", "events/s");
const REBUILD: Work = Work::flat("rebuild", "events/s");
const REBUILD_TIME: Work = Work::growing("rebuild, whole", "s");

/// All of it at each size, up to `ORDERLOG_BENCH_LARGEST` orders; with `FULL=1` up to
/// ten million.
pub async fn measure(config: &Config, folder: &Path, quick: bool) -> anyhow::Result<Vec<Figure>> {
    let largest = env::var("ORDERLOG_BENCH_LARGEST").map_or(Ok(i64::MAX), |n| n.parse())?;
    let is_full = env::var("FULL").is_ok_and(|full| full == "1");
    let sizes = sizes(quick, is_full);
    let mut curve = Box::pin(Curve::start(&own(config), folder, quick, sizes[0])).await?;
    for size in sizes.iter().filter(|size| **size <= largest) {
        let began = Instant::now();
        Box::pin(curve.at(*size)).await?;
        println!("curve: {size} orders, {:.0?}", began.elapsed());
    }
    Ok(curve.held.figures())
}

const fn sizes(quick: bool, is_full: bool) -> &'static [i64] {
    match (quick, is_full) {
        (true, _) => QUICK,
        (false, true) => FULL,
        (false, false) => USUAL,
    }
}

/// A system of its own on the same servers: no other row's orders are in it.
fn own(config: &Config) -> Config {
    Config {
        events_url: format!("{}_curve", config.events_url),
        views_url: format!("{}_curve", config.views_url),
        ops_url: format!("{}_curve", config.ops_url),
        kafka_prefix: format!("{}curve.", config.kafka_prefix),
        ..config.clone()
    }
}

/// A session that may take its time, as what looks after large tables does.
fn patient(url: &str) -> anyhow::Result<PgPool> {
    Ok(postgres::lazy_pool(url.parse()?, 1))
}

/// A system that grows.
struct Curve {
    config: Config,
    log: PgPool,
    views: PgPool,
    executor: Arc<Executor<Recorded>>,
    orders: Orders,
    reads: Reads,
    held: Held,
    /// Of one round.
    time: Duration,
    /// Orders of a piece.
    piece: i64,
    /// An API key.
    key: String,
    /// Where roles and servers keep what is theirs.
    folder: PathBuf,
}

impl Curve {
    /// Places the first orders and has them projected once.
    async fn start(
        config: &Config,
        folder: &Path,
        quick: bool,
        smallest: i64,
    ) -> anyhow::Result<Self> {
        postgres::migrate_all(config).await?;
        projections::make_empty(config).await?;
        ensure_topics(config).await?;
        let (log, views) = (patient(&config.events_url)?, patient(&config.views_url)?);
        let executor = executor(config, EventStoreKind::Grouped)?;
        let templates = usize::try_from(smallest / 5)?;
        let orders = Orders::placed(log.clone(), &executor, templates).await?;
        relay::drain(config).await?;
        project::following(config).await?;
        let without_redis = Config {
            redis_url: format!("redis://127.0.0.1:{}", free_port()?),
            ..config.clone()
        };
        let api = Process::start(&without_redis, "read-api", folder).await?;
        let time = Duration::from_millis(if quick { 200 } else { 700 });
        let key = http::key(config).await?;
        Ok(Self {
            reads: Reads::new(api, key.clone(), views.clone(), time),
            config: config.clone(),
            log,
            views,
            executor,
            orders,
            held: Held::default(),
            time,
            // More than a projector takes at once.
            piece: if quick { 4_000 } else { 20_000 },
            key,
            folder: folder.to_owned(),
        })
    }

    /// Everything beside so many orders.
    async fn at(&mut self, size: i64) -> anyhow::Result<()> {
        self.orders.grow(size).await?;
        relay::drain(&self.config).await?;
        let (rate, seconds) = writes::rebuild(&self.config, &self.views).await?;
        self.held.add(&REBUILD, size, &[rate]);
        self.held.add(&REBUILD_TIME, size, &[seconds]);
        self.reads.just_switched(&mut self.held, size).await?;
        // As autovacuum leaves them.
        for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
            sqlx::query(statement).execute(&self.views).await?;
        }
        let newest = self.orders.newest();
        self.reads.measure(&mut self.held, size, newest).await?;
        let servers = (&self.log, &self.views);
        // Where Kafka keeps its topics.
        let topics = self.folder.join("data/kafka");
        disk::measure(&mut self.held, size, &self.config, servers, &topics).await?;
        let piece = self.orders.append(self.piece).await?;
        let (rate, _) = relay::drain(&self.config).await?;
        self.held.add(&RELAY, size, &[rate]);
        let rate = writes::project(&self.config, &self.views, piece).await?;
        self.held.add(&PROJECT, size, &[rate]);
        let rates = writes::append(&self.executor, self.time).await?;
        self.held.add(&APPEND, size, &rates);
        let rates = writes::over_http(&self.config, &self.folder, &self.key, self.time).await?;
        self.held.add(&HTTP, size, &rates);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_is_ten_times_the_one_before() {
        for sizes in [sizes(true, true), sizes(false, false), sizes(false, true)] {
            let grown = sizes.windows(2).all(|pair| pair[1] == pair[0] * 10);
            assert!(grown && sizes.len() > 1, "{sizes:?}");
        }
        assert_eq!(sizes(false, true).last(), Some(&10_000_000));
    }

    #[test]
    fn nothing_of_another_row_is_in_it() {
        let config = Config::default();
        let own = own(&config);
        assert_ne!(own.events_url, config.events_url);
        assert_ne!(own.views_url, config.views_url);
        assert_ne!(own.ops_url, config.ops_url);
        assert_ne!(own.kafka_prefix, config.kafka_prefix);
    }
}
