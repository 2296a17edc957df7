//! What one test has to itself.

use crate::{RoleBuilder, role, servers::maintenance_url, workspace};
use anyhow::Context as _;
use futures_util::future::try_join_all;
use infra::{clock, config::Config, postgres::create_database_if_missing, sealing::MasterKey};
use rdkafka::{
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer as _},
};
use sqlx::{Connection as _, PgConnection};
use std::{fs, path::PathBuf, process::Output, time::Duration};

/// The master key of a test, in the folder of its logs.
const MASTER_KEY_FILE: &str = "master-key";

/// A test's own databases, topics and keys on servers that others may use too,
/// and the roles it starts on them.
#[derive(Debug)]
pub struct TestEnv {
    /// Where everything is; what every role is told.
    pub config: Config,
    logs: PathBuf,
}

impl TestEnv {
    /// Creates three empty databases. Topics and tables come with
    /// `orderlog migrate`, as in production.
    pub(crate) async fn create(test: &str, servers: Config) -> anyhow::Result<Self> {
        // The end of such an id is random, its beginning is the time.
        let id = &clock::new_id().simple().to_string()[20..];
        let mut config = Config {
            events_url: renamed(&servers.events_url, id)?,
            views_url: renamed(&servers.views_url, id)?,
            views_read_urls: servers
                .views_read_urls
                .iter()
                .map(|url| renamed(url, id))
                .collect::<Result<_, _>>()?,
            ops_url: renamed(&servers.ops_url, id)?,
            kafka_prefix: format!("t{id}."),
            redis_prefix: format!("t{id}:"),
            drain_seconds: 0,
            // Every platform is known, as if nobody had saved it.
            platforms: serde_json::from_value(serde_json::json!({"default": {}}))?,
            ..servers
        };
        let urls = [&config.events_url, &config.views_url, &config.ops_url];
        try_join_all(urls.map(|url| create_database_if_missing(url)))
            .await
            .context("the databases of the test cannot be created")?;
        let name = test.replace("::", ".");
        let logs = workspace::profile_dir()?
            .with_file_name("tmp")
            .join("logs")
            .join(format!("{name}-{id}"));
        fs::create_dir_all(&logs)?;
        let key = logs.join(MASTER_KEY_FILE);
        fs::write(&key, MasterKey::random()?)?;
        let key = key.to_str().context("the folder is not UTF-8")?;
        key.clone_into(&mut config.master_key_file);
        Ok(Self { config, logs })
    }

    /// A role to be started: `env.role("relay").spawn()`.
    pub fn role(&self, subcommand: &str) -> RoleBuilder<'_> {
        RoleBuilder::new(self, subcommand)
    }

    /// Runs `orderlog ARGS` on this test's databases to its end.
    pub async fn orderlog(&self, args: &[&str]) -> anyhow::Result<Output> {
        let output = role::command(&self.config)?
            .args(args)
            .output()
            .await
            .with_context(|| format!("orderlog {} cannot be run", args.join(" ")))?;
        Ok(output)
    }

    /// [`Self::orderlog`] where anything but success is a failed test; its
    /// standard output.
    pub async fn orderlog_ok(&self, args: &[&str]) -> anyhow::Result<String> {
        let output = self.orderlog(args).await?;
        anyhow::ensure!(
            output.status.success(),
            "orderlog {} ended with {}:\n{}",
            args.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Where the roles of this test write.
    pub fn logs(&self) -> &PathBuf {
        &self.logs
    }

    /// The ends of all logs, for the report of a failed test.
    pub(crate) fn log_tails(&self) -> String {
        let Ok(entries) = fs::read_dir(&self.logs) else {
            return String::new();
        };
        let paths = entries.flatten().map(|entry| entry.path());
        paths
            .filter(|path| !path.ends_with(MASTER_KEY_FILE))
            .map(|path| {
                let end = role::tail(&path);
                format!(
                    "
--- the end of {}:
{end}",
                    path.display()
                )
            })
            .collect::<Vec<_>>()
            .concat()
    }

    /// Drops databases and topics, so that a long run stays small. What fails
    /// here fails no test: the folder of the servers is deleted at the end.
    pub(crate) async fn remove(self) {
        let config = &self.config;
        let _ = tokio::join!(
            drop_database(&config.events_url),
            drop_database(&config.views_url),
            drop_database(&config.ops_url),
            self.delete_topics(),
        );
    }

    /// Deletes the logs of a test that passed.
    pub(crate) fn forget_logs(&self) {
        let _ = fs::remove_dir_all(&self.logs);
    }

    async fn delete_topics(&self) -> anyhow::Result<()> {
        let client = infra::kafka::client_config(&self.config);
        let (prefix, for_list) = (self.config.kafka_prefix.clone(), client.clone());
        let topics = tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = for_list.create()?;
            let metadata = consumer.fetch_metadata(None, Duration::from_secs(5))?;
            let names = metadata
                .topics()
                .iter()
                .map(|topic| topic.name().to_owned());
            anyhow::Ok(
                names
                    .filter(|name| name.starts_with(&prefix))
                    .collect::<Vec<_>>(),
            )
        })
        .await??;
        if topics.is_empty() {
            return Ok(());
        }
        let admin: AdminClient<DefaultClientContext> = client.create()?;
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        admin.delete_topics(&names, &AdminOptions::new()).await?;
        Ok(())
    }
}

/// `…/events` becomes `…/events_ID`.
fn renamed(url: &str, id: &str) -> anyhow::Result<String> {
    let (server, database) = url.rsplit_once('/').context("a URL without a database")?;
    Ok(format!("{server}/{database}_{id}"))
}

async fn drop_database(url: &str) -> anyhow::Result<()> {
    let (_, database) = url.rsplit_once('/').context("a URL without a database")?;
    let mut connection = PgConnection::connect(&maintenance_url(url)?).await?;
    sqlx::query(&format!(
        "DROP DATABASE IF EXISTS \"{database}\" WITH (FORCE)"
    ))
    .execute(&mut connection)
    .await?;
    connection.close().await?;
    Ok(())
}
