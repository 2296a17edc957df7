//! Exports that a worker writes into files of a folder, and COPY into a file.

use crate::{process::Process, whole::Whole};
use anyhow::{Context as _, ensure};
use futures_util::TryStreamExt as _;
use infra::{clock, config::Config, kafka::ensure_topics, secret::Secret};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::{fs::File, io::AsyncWriteExt as _, time::sleep};

/// Between looks at whether a file is there.
const LOOK: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_mins(10);
/// Topics of its own, which are empty: what the worker does with events is not
/// measured here.
const NO_EVENTS: &str = "idle.";

/// A worker, and a client of both APIs.
pub struct Files {
    pub worker: Process,
    http: Client,
    commands: String,
    reads: String,
    key: String,
    copied: PathBuf,
}

impl Files {
    /// What all roles have to be told.
    pub fn configured(config: &Config, folder: &Path) -> Config {
        Config {
            objects_url: format!("file://{}/objects", folder.display()),
            ..config.clone()
        }
    }

    /// Starts the worker.
    pub async fn start(config: &Config, whole: &Whole, folder: &Path) -> anyhow::Result<Self> {
        let mut config = config.clone();
        config.kafka_prefix.push_str(NO_EVENTS);
        ensure_topics(&config).await?;
        let url = |role: &Process| format!("http://{}/v1/exports", role.address);
        config.command_url = format!("http://{}", whole.commands.address);
        config.api_key = Secret::new(whole.key.clone());
        Ok(Self {
            worker: Process::start(&config, "worker", folder).await?,
            http: Client::new(),
            commands: url(&whole.commands),
            reads: url(&whole.reads),
            key: whole.key.clone(),
            copied: folder.join("copied"),
        })
    }

    /// How long all orders take, from the request until their file can be downloaded.
    pub async fn made(&self, format: &str) -> anyhow::Result<Duration> {
        let wanted = json!({"kind": "orders", "format": format, "compression": "none"});
        let key = clock::new_id().to_string();
        let request = self.request(Method::POST, &self.commands);
        let request = request.header("idempotency-key", key).json(&wanted);
        let began = Instant::now();
        let asked: Value = request.send().await?.error_for_status()?.json().await?;
        let id = asked["id"].as_str().context("no id")?;
        let read = format!("{}/{id}", self.reads);
        let took = loop {
            let read = self.request(Method::GET, &read).send().await?;
            let export: Value = read.error_for_status()?.json().await?;
            let state = export["state"].as_str().unwrap_or_default();
            if state == "done" {
                break began.elapsed();
            }
            ensure!(["pending", "running"].contains(&state), "{export}");
            ensure!(began.elapsed() < PATIENCE, "{export}");
            sleep(LOOK).await;
        };
        // Files are as large as the orders.
        let delete = format!("{}/{id}", self.commands);
        let deleted = self.request(Method::DELETE, &delete).send().await?;
        deleted.error_for_status()?;
        Ok(took)
    }

    /// How long a statement takes whose rows a client writes into a file.
    pub async fn copied(&self, whole: &Whole, statement: &str) -> anyhow::Result<Duration> {
        let mut connection = whole.views.acquire().await?;
        let began = Instant::now();
        let file = File::create(&self.copied).await?;
        let mut file = tokio::io::BufWriter::with_capacity(1 << 20, file);
        let mut rows = connection.copy_out_raw(statement).await?;
        while let Some(row) = rows.try_next().await? {
            file.write_all(&row).await?;
        }
        file.flush().await?;
        // As durable as an export's.
        file.get_ref().sync_all().await?;
        let took = began.elapsed();
        ensure!(file.get_ref().metadata().await?.len() > 0, "no orders");
        tokio::fs::remove_file(&self.copied).await?;
        Ok(took)
    }

    fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.http.request(method, url).bearer_auth(&self.key)
    }
}
