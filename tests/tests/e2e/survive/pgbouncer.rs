//! `PgBouncer` in transaction mode before the databases of a test.

use anyhow::{Context as _, Result};
use infra::{config::Config, local_servers::free_port, postgres::connect_options};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use std::{
    fmt::Write as _,
    fs::{self, File},
    path::PathBuf,
    process::Stdio,
};
use tempfile::TempDir;
use tests::wait_until;
use tokio::process::{Child, Command};

/// A running pooler; it ends with its value.
pub struct PgBouncer {
    port: u16,
    dir: TempDir,
    _process: Child,
}

/// What runs `PgBouncer` here; none where there is none, which is said.
pub async fn pgbouncer() -> Result<Option<PathBuf>> {
    let untried = "the pooler was not tried: there is no PgBouncer here, and none could be fetched";
    tests::found("pgbouncer", untried).await
}

impl PgBouncer {
    /// One in front of the three databases, once it answers. Few sessions for
    /// many clients, and the next transaction is another one's.
    pub async fn start(program: &PathBuf, config: &Config, more: &str) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let port = free_port()?;
        let mut settings = String::from("[databases]\n");
        for url in [&config.events_url, &config.views_url, &config.ops_url] {
            let options: PgConnectOptions = url.parse()?;
            let database = options.get_database().context("no database")?;
            writeln!(
                settings,
                "{database} = host={} port={} user={}",
                options.get_host(),
                options.get_port(),
                options.get_username()
            )?;
        }
        write!(
            settings,
            "[pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = any\n\
             pool_mode = transaction\n\
             default_pool_size = 6\n\
             max_client_conn = 500\n\
             server_round_robin = 1\n\
             {more}\n"
        )?;
        if rustix::process::geteuid().is_root() {
            settings += "user = nobody\n";
        }
        let file = dir.path().join("pgbouncer.ini");
        fs::write(&file, settings)?;
        let log = File::create(dir.path().join("log"))?;
        let process = Command::new(program)
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let pooler = Self {
            port,
            dir,
            _process: process,
        };
        let options = connect_options(&pooler.url(&config.events_url)?)?;
        let ready = wait_until("PgBouncer to answer", async || {
            let session = PgConnection::connect_with(&options).await;
            Ok(match session {
                Ok(session) => session.close().await.ok(),
                Err(_) => None,
            })
        });
        ready.await.with_context(|| pooler.log())?;
        Ok(pooler)
    }

    /// A URL of a database, as one that leads through it and says so.
    pub fn url(&self, url: &str) -> Result<String> {
        Ok(format!("{}?pooler=transaction", self.unsaid(url)?))
    }

    /// The same, which does not say so.
    pub fn unsaid(&self, url: &str) -> Result<String> {
        let (server, database) = url.rsplit_once('/').context("no database")?;
        let (server, _) = server.rsplit_once(':').context("no port")?;
        Ok(format!("{server}:{}/{database}", self.port))
    }

    /// The configuration of a system behind it.
    pub fn before(&self, config: &Config) -> Result<Config> {
        Ok(Config {
            events_url: self.url(&config.events_url)?,
            views_url: self.url(&config.views_url)?,
            ops_url: self.url(&config.ops_url)?,
            events_session_url: config.events_url.clone(),
            views_session_url: config.views_url.clone(),
            ops_session_url: config.ops_url.clone(),
            ..config.clone()
        })
    }

    /// What it has written.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }
}
