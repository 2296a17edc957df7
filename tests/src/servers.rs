//! The servers that tests share, and sets of their own for tests that kill
//! them.

use crate::{live, workspace};
use anyhow::Context as _;
use infra::{
    config::Config,
    local_servers::{KafkaExtras, LocalServers, LocalServersError, Options, Server, Step},
};
use sqlx::{Connection as _, PgConnection};
use std::{ops::Deref, path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// The shared set, with the error of its start where that failed: no second
/// test waits for the same failure.
static SHARED: Mutex<Option<Result<Arc<LocalServers>, String>>> = Mutex::const_new(None);

/// Sets that may run in one checkout at a time, over all test processes.
const SLOTS: usize = 32;

/// A set of servers that one test may do anything to. Gone after the test.
#[derive(Debug)]
pub struct PrivateServers(Arc<LocalServers>);

impl PrivateServers {
    /// The usual set and `more`.
    pub(crate) async fn start(more: &[Server]) -> anyhow::Result<Self> {
        Ok(Self(start_in_a_free_slot(more).await?))
    }

    /// Where they are.
    pub(crate) fn config(&self) -> Config {
        config_of(&self.0)
    }
}

impl Deref for PrivateServers {
    type Target = LocalServers;

    fn deref(&self) -> &LocalServers {
        &self.0
    }
}

/// Where the shared servers are; the first call starts them.
pub(crate) async fn shared() -> anyhow::Result<Config> {
    let mut shared = SHARED.lock().await;
    if shared.is_none() {
        let started = start_unsynced().await;
        *shared = Some(started.map_err(|error| format!("{error:#}")));
    }
    match shared.as_ref() {
        Some(Ok(servers)) => Ok(config_of(servers)),
        Some(Err(error)) => Err(anyhow::Error::msg(error.clone())),
        None => unreachable!("it was started above"),
    }
}

/// A set that lives as long as the run: no trial kills it, so PostgreSQL need not
/// wait for the disk. Each trial makes and drops three databases of hundreds of
/// files. Private sets, which are killed, have the usual settings.
async fn start_unsynced() -> anyhow::Result<Arc<LocalServers>> {
    let servers = start_in_a_free_slot(&[]).await?;
    let config = config_of(&servers);
    for url in [&config.events_url, &config.views_url] {
        let mut session = PgConnection::connect(&maintenance_url(url)?).await?;
        for statement in ["ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"] {
            sqlx::query(statement).execute(&mut session).await?;
        }
        session.close().await?;
    }
    Ok(servers)
}

/// Of a URL of any database: that of the one that each cluster has.
pub(crate) fn maintenance_url(url: &str) -> anyhow::Result<String> {
    let (server, _) = url.rsplit_once('/').context("a URL without a database")?;
    Ok(format!("{server}/postgres"))
}

/// What befell the shared servers, for the report of a failed test.
pub(crate) async fn shared_death() -> Option<String> {
    let shared = SHARED.lock().await;
    let servers = shared.as_ref()?.as_ref().ok()?;
    tokio::time::timeout(Duration::ZERO, servers.exited())
        .await
        .ok()
        .map(|exit| exit.to_string())
}

/// Stops the shared servers, when they were started.
pub(crate) async fn stop_shared() {
    if let Some(Ok(servers)) = SHARED.lock().await.take() {
        servers.stop().await;
    }
}

fn config_of(servers: &LocalServers) -> Config {
    let mut config = Config::default();
    servers.configure(&mut config);
    config
}

/// Folders are numbered, not random: what a killed run has left in one is
/// ended by the next run that takes it.
async fn start_in_a_free_slot(more: &[Server]) -> anyhow::Result<Arc<LocalServers>> {
    let folder = workspace::profile_dir()?
        .parent()
        .context("there is no target folder")?
        .join("tmp");
    for slot in 0..SLOTS {
        match start_in(folder.join(format!("servers-{slot}")), more).await {
            Err(LocalServersError::InUse { .. }) => {}
            started => return started.context("the servers cannot be started"),
        }
    }
    anyhow::bail!(
        "{SLOTS} sets of servers run already in {}",
        folder.display()
    )
}

async fn start_in(dir: PathBuf, more: &[Server]) -> Result<Arc<LocalServers>, LocalServersError> {
    let options = Options {
        dir,
        // The same as `make run`: fetched once per checkout.
        cache: workspace::root().join(".orderlog/servers"),
        servers: [&Server::ALL, more].concat(),
        throwaway: true,
        kafka: KafkaExtras::default(),
    };
    live::start_servers(options, &|step| match step {
        Step::Begun(what) => eprintln!("servers: {what}…"),
        Step::Done(what, took) => eprintln!("servers: {what} ({:.1} s)", took.as_secs_f64()),
    })
    .await
}
