//! PostgreSQL, Redis and Kafka as child processes of ours, from pinned
//! packages, without containers and without root (`orderlog dev`, the tests
//! and the benchmarks use them; production does not).
//!
//! A folder holds everything of one set of servers: `data/`, `log/`, `run/`
//! (generated settings, pid files) and a lock. Data outlives a stop and a
//! crash; ports do not. One set is two PostgreSQL clusters, because transaction
//! ids are shared by all databases of a cluster and the horizon of the log must
//! not wait for the read models.

mod error;
mod fetch;
mod folder;
mod kafka;
mod launch;
mod leftovers;
mod log_file;
mod ports;
mod postgres;
mod process;
mod redis;
mod run_as;
mod server;
mod standby;
mod unpack;

pub use error::{LocalServersError, ServerExit};
pub use fetch::{Binaries, fetch};
pub use ports::{free_port, is_free};
pub use server::Server;

use crate::config::Config;
use folder::Folder;
use futures_util::future::join_all;
use launch::{Running, launch};
use ports::Ports;
use process::Deaths;
use run_as::RunAs;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::sync::{Mutex, watch};

/// Which servers, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of this set; made when missing.
    pub dir: PathBuf,
    /// Where fetched programs are kept, shared by any number of sets.
    pub cache: PathBuf,
    /// What to start; what is missing here is reached by a URL instead.
    pub servers: Vec<Server>,
    /// Start without data and leave none: for tests.
    pub throwaway: bool,
    /// What Kafka is to have beside its own settings.
    pub kafka: KafkaExtras,
}

/// More of Kafka: another listener, users, an authorizer.
#[derive(Debug, Clone, Default)]
pub struct KafkaExtras {
    /// Lines of `server.properties`, which win over ours; `{main}` and `{controller}`
    /// are the ports that ours use.
    pub settings: String,
    /// Users that there are from the beginning: `SCRAM-SHA-512=[name=…,password=…]`.
    pub users: Vec<String>,
}

/// What has just happened, for people who wait.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// Something that takes long has begun.
    Begun(&'a str),
    /// Something is done; this is how long it took.
    Done(&'a str, Duration),
}

/// Hears of each step.
pub type Progress<'a> = &'a (dyn Fn(Step<'_>) + Send + Sync);

/// A set of running servers. Dropping it ends them abruptly; [`Self::stop`]
/// ends them cleanly.
#[derive(Debug)]
pub struct LocalServers {
    running: BTreeMap<Server, Mutex<Running>>,
    ports: BTreeMap<Server, Ports>,
    deaths: Deaths,
    site: Site,
}

/// What every server of a set is started from.
#[derive(Debug)]
struct Site {
    folder: Folder,
    binaries: Binaries,
    run_as: RunAs,
    throwaway: bool,
    kafka: KafkaExtras,
}

impl LocalServers {
    /// Fetches the servers when they are missing, ends what a killed process
    /// left in the folder, and starts them; returns when all of them answer.
    pub async fn start(
        options: Options,
        progress: Progress<'_>,
    ) -> Result<Self, LocalServersError> {
        let site = Site::open(&options, progress).await?;
        let deaths = watch::Sender::new(None);
        // A standby copies another server's data: that one has to run.
        let (standby, servers): (Vec<_>, Vec<_>) = options
            .servers
            .into_iter()
            .partition(|server| *server == Server::Standby);
        let started = join_all(
            servers
                .iter()
                .map(|server| launch(*server, &site, None, &deaths, progress)),
        )
        .await;
        let (mut running, mut ports) = (BTreeMap::new(), BTreeMap::new());
        let mut failure = None;
        for (server, result) in servers.into_iter().zip(started) {
            match result {
                Ok(one) => {
                    ports.insert(server, one.ports);
                    running.insert(server, Mutex::new(one));
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        let mut servers = Self {
            running,
            ports,
            deaths,
            site,
        };
        if failure.is_none() && !standby.is_empty() {
            failure = servers.add_standby(progress).await.err();
        }
        match failure {
            None => Ok(servers),
            Some(error) => {
                servers.stop().await;
                Err(error)
            }
        }
    }

    async fn add_standby(&mut self, progress: Progress<'_>) -> Result<(), LocalServersError> {
        let primary = self.ports.get(&Server::Views);
        let primary = primary.ok_or(LocalServersError::NotRun(Server::Views))?;
        standby::prepare(&self.site, primary.main).await?;
        let one = launch(Server::Standby, &self.site, None, &self.deaths, progress).await?;
        self.ports.insert(Server::Standby, one.ports);
        self.running.insert(Server::Standby, Mutex::new(one));
        Ok(())
    }

    /// Writes where the servers are into a configuration; leaves alone what is
    /// not run here.
    pub fn configure(&self, config: &mut Config) {
        // They are one developer's.
        config.rate_limit_key = 0;
        for (server, ports) in &self.ports {
            match server {
                Server::Events => config.events_url = postgres::url(ports.main, "events"),
                Server::Views => {
                    config.views_url = postgres::url(ports.main, "views");
                    config.ops_url = postgres::url(ports.main, "ops");
                }
                Server::Standby => {
                    let url = postgres::url(ports.main, "views");
                    config.views_read_urls = [url].into_iter().collect();
                }
                Server::Redis => config.redis_url = redis::url(ports.main),
                Server::Kafka => {
                    config.kafka_bootstrap_servers = kafka::bootstrap_servers(ports.main);
                }
            }
        }
    }

    /// Waits until a server ends that nobody told to; the first such one.
    pub async fn exited(&self) -> ServerExit {
        let mut deaths = self.deaths.subscribe();
        loop {
            if let Some(exit) = deaths.borrow_and_update().clone() {
                return exit;
            }
            // We hold the sender, so this cannot fail.
            let _ = deaths.changed().await;
        }
    }

    /// Ends one server with SIGKILL, as a crash would.
    pub async fn kill(&self, server: Server) -> Result<(), LocalServersError> {
        self.running(server)?.lock().await.process.kill().await;
        Ok(())
    }

    /// Ends one server cleanly.
    pub async fn stop_one(&self, server: Server) -> Result<(), LocalServersError> {
        self.running(server)?.lock().await.process.stop().await;
        Ok(())
    }

    /// Starts one server again, on the same port and with its data, ending it
    /// cleanly first where it still runs.
    pub async fn restart(&self, server: Server) -> Result<(), LocalServersError> {
        let mut running = self.running(server)?.lock().await;
        running.process.stop().await;
        let ports = Some(running.ports);
        *running = launch(server, &self.site, ports, &self.deaths, &|_| {}).await?;
        Ok(())
    }

    /// Ends all of them cleanly: PostgreSQL with a fast shutdown, the others
    /// with SIGTERM, each with SIGKILL where it takes too long.
    pub async fn stop(&self) {
        join_all(self.running.values().map(async |running| {
            running.lock().await.process.stop().await;
        }))
        .await;
        if self.site.throwaway
            && let Err(error) = self.site.folder.clear()
        {
            tracing::warn!(%error, "local_servers.data_left");
        }
    }

    fn running(&self, server: Server) -> Result<&Mutex<Running>, LocalServersError> {
        self.running
            .get(&server)
            .ok_or(LocalServersError::NotRun(server))
    }
}

impl Site {
    async fn open(options: &Options, progress: Progress<'_>) -> Result<Self, LocalServersError> {
        let binaries = fetch(&options.cache, progress).await?;
        let folder = Folder::open(&options.dir)?;
        let began = Instant::now();
        let ended = leftovers::end(&folder).await?;
        if !ended.is_empty() {
            let names: Vec<String> = ended.iter().map(ToString::to_string).collect();
            let what = format!("end what an earlier run left: {}", names.join(", "));
            progress(Step::Done(&what, began.elapsed()));
        }
        if options.throwaway {
            folder.clear()?;
        }
        let run_as = RunAs::for_files_in(&[folder.root(), binaries.root()])?;
        Ok(Self {
            folder,
            binaries,
            run_as,
            throwaway: options.throwaway,
            kafka: options.kafka.clone(),
        })
    }
}
