//! A whole system to import into: every role, a key, and the two programs.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use std::{fs, path::PathBuf};
use tempfile::TempDir;
use tests::{Api, Role, TestEnv};

/// Roles on the servers of a test.
pub struct System<'a> {
    env: &'a TestEnv,
    pub command_api: Role,
    pub relay: Option<Role>,
    pub projector: Option<Role>,
    /// A client of the read API.
    pub api: Api,
    /// For files to import and reports.
    pub dir: TempDir,
    key_file: PathBuf,
    _read_api: Role,
}

impl<'a> System<'a> {
    /// Migrates and starts every role.
    pub async fn start(env: &'a TestEnv) -> anyhow::Result<Self> {
        env.orderlog_ok(&["migrate"]).await?;
        let mut command_api = env.role("command-api").spawn()?;
        let mut read_api = env.role("read-api").spawn()?;
        let relay = env.role("relay").spawn()?;
        let projector = env.role("projector").spawn()?;
        command_api.ready().await?;
        read_api.ready().await?;
        let api = Api::new(env, &read_api).await?;
        let dir = tempfile::tempdir()?;
        let key_file = dir.path().join("api-key");
        fs::write(&key_file, api.key())?;
        Ok(Self {
            env,
            command_api,
            relay: Some(relay),
            projector: Some(projector),
            api,
            dir,
            key_file,
            _read_api: read_api,
        })
    }

    /// Writes a file to import.
    pub fn file(&self, text: &str) -> anyhow::Result<String> {
        let path = self.dir.path().join("retail.csv");
        fs::write(&path, text)?;
        path_text(path)
    }

    /// The command line that imports a file.
    pub fn import_args(&self, file: &str, more: &[&str]) -> anyhow::Result<Vec<String>> {
        self.args_as("online-retail", file, more)
    }

    /// The same for another format.
    pub fn args_as(&self, format: &str, file: &str, more: &[&str]) -> anyhow::Result<Vec<String>> {
        let key_file = path_text(self.key_file.clone())?;
        let url = self.command_api.url();
        let args = [
            file,
            "--format",
            format,
            "--url",
            url,
            "--api-key-file",
            &key_file,
            "--json",
        ];
        Ok(args.iter().chain(more).map(|&arg| arg.to_owned()).collect())
    }

    /// Imports a file to its end; the summary.
    pub async fn import(&self, file: &str, more: &[&str]) -> anyhow::Result<Value> {
        self.import_as("online-retail", file, more).await
    }

    /// The same for another format.
    pub async fn import_as(
        &self,
        format: &str,
        file: &str,
        more: &[&str],
    ) -> anyhow::Result<Value> {
        let args = self.args_as(format, file, more)?;
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let printed = self
            .env
            .orderlog_ok(&[&["import"], &args[..]].concat())
            .await?;
        let summary: Value = serde_json::from_str(&printed)?;
        ensure!(
            summary["end"] == "complete" && summary["adds_up"] == true,
            "{summary}"
        );
        Ok(summary)
    }

    /// Compares log, Kafka, views and statistics; the report, differences or
    /// not.
    pub async fn verify(&self) -> anyhow::Result<Value> {
        let output = self
            .env
            .orderlog(&["verify", "--wait", "60s", "--json"])
            .await?;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice(&output.stdout).context(error)
    }

    /// Waits until the views have all that the log has, and compares one order in a
    /// hundred.
    pub async fn catches_up(&self) -> anyhow::Result<()> {
        let args = ["verify", "--wait", "3m", "--sample", "1%"];
        self.env.orderlog_ok(&args).await?;
        Ok(())
    }

    /// Compares, and fails on any difference. `orders` is how many there are.
    pub async fn verify_clean(&self, orders: u64) -> anyhow::Result<()> {
        let report = self.verify().await?;
        ensure!(report["differences"] == 0, "{report}");
        for name in ["log_orders", "kafka_orders"] {
            ensure!(report[name] == orders, "{name} of {report}");
        }
        ensure!(report["log_events"] == report["kafka_records"], "{report}");
        let compared = &report["projections"]["orders"]["orders"];
        ensure!(*compared == orders, "{report}");
        Ok(())
    }

    /// How many orders the log has.
    pub async fn logged(&self) -> anyhow::Result<i64> {
        self.counted("count(DISTINCT aggregate_id)").await
    }

    /// How many events the log has.
    pub async fn events(&self) -> anyhow::Result<i64> {
        self.counted("count(*)").await
    }

    async fn counted(&self, what: &str) -> anyhow::Result<i64> {
        let mut log = PgConnection::connect(&self.env.config.events_url).await?;
        let count = sqlx::query_scalar(&format!("SELECT {what} FROM events"))
            .fetch_one(&mut log)
            .await?;
        log.close().await?;
        Ok(count)
    }
}

fn path_text(path: PathBuf) -> anyhow::Result<String> {
    let text = path.into_os_string().into_string();
    text.map_err(|path| anyhow::anyhow!("{} is not text", path.display()))
}
