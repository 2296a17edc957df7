//! The roles that operations need, and a client of them.

use crate::bulk::client::Done;
use anyhow::{Context as _, Result, ensure};
use infra::{config::Config, secret::Secret};
use reqwest::{Body, Method};
use serde_json::Value;
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;
use tests::{Answer, Api, Role, TestEnv, answer, wait_until, wait_until_within};

/// Longest wait for what a worker does.
const WORKED_WITHIN: Duration = Duration::from_mins(3);

/// Both APIs, and a folder for uploads and results.
pub struct Scene<'a> {
    pub env: &'a TestEnv,
    pub folder: TempDir,
    pub commands: Role,
    pub queries: Role,
    /// Of the command API.
    pub api: Api,
    /// What workers share.
    worker_key: String,
    more: Box<dyn Fn(&mut Config) + Send + Sync>,
}

impl<'a> Scene<'a> {
    /// No worker yet.
    pub async fn start(env: &'a TestEnv) -> Result<Self> {
        Self::start_with(env, |_| {}).await
    }

    /// The same, configured otherwise.
    pub async fn start_with(
        env: &'a TestEnv,
        more: impl Fn(&mut Config) + Send + Sync + 'static,
    ) -> Result<Self> {
        env.orderlog_ok(&["migrate"]).await?;
        let folder = tempfile::tempdir()?;
        let of_ours = |config: &mut Config| {
            config.objects_url = url(&folder);
            more(config);
        };
        let mut commands = env.role("command-api").config(of_ours).spawn()?;
        let mut queries = env.role("read-api").config(of_ours).spawn()?;
        commands.ready().await?;
        queries.ready().await?;
        Ok(Self {
            env,
            api: Api::new(env, &commands).await?,
            worker_key: Api::new(env, &commands).await?.key().to_owned(),
            more: Box::new(more),
            folder,
            commands,
            queries,
        })
    }

    /// A worker that is ready; what a killed one had is another's after two
    /// seconds.
    pub async fn worker(&self) -> Result<Role> {
        let worker = self.env.role("worker").config(|config| {
            config.objects_url = url(&self.folder);
            (self.more)(config);
            config.jobs_lease_seconds = 2;
            self.commands.url().clone_into(&mut config.command_url);
            config.api_key = Secret::new(self.worker_key.clone());
        });
        let mut worker = worker.spawn()?;
        worker.ready().await?;
        Ok(worker)
    }

    /// POST of lines, with a key if there is one.
    pub async fn post(&self, query: &str, key: &str, body: impl Into<Body>) -> Result<Answer> {
        let path = format!("/v1/operations{query}");
        let request = self.api.request(Method::POST, &path);
        let request = request.header("content-type", "application/x-ndjson");
        let request = if key.is_empty() {
            request
        } else {
            request.header("idempotency-key", key)
        };
        answer(request.body(body)).await
    }

    /// The same where it has to be taken; where the operation is.
    pub async fn upload(&self, query: &str, body: impl Into<Body>) -> Result<String> {
        let taken = self.post(query, "", body).await?.expect(202)?;
        let location = taken.header("location").to_owned();
        ensure!(
            location == format!("/v1/operations/{}", taken.json["id"].as_str().unwrap_or("")),
            "{location}"
        );
        Ok(location)
    }

    /// GET from the read API.
    pub async fn read(&self, path: &str) -> Result<Answer> {
        self.api.at(&self.queries).get(path).await
    }

    /// Waits until an operation is such one.
    pub async fn until(
        &self,
        location: &str,
        what: &str,
        such: impl Fn(&Value) -> bool,
    ) -> Result<Value> {
        wait_until_within(
            WORKED_WITHIN,
            &format!("an operation that is {what}"),
            async || {
                let operation = self.read(location).await?.expect(200)?.json;
                Ok(such(&operation).then_some(operation))
            },
        )
        .await
    }

    /// Waits until it has come to this end.
    pub async fn until_ended(&self, location: &str, state: &str) -> Result<Value> {
        let ended = self
            .until(location, "at its end", |operation| {
                !operation["finished_at"].is_null()
            })
            .await?;
        ensure!(ended["state"] == state, "{ended}");
        Ok(ended)
    }

    /// All results.
    pub async fn results(&self, location: &str) -> Result<Done> {
        let path = format!("{location}/results");
        let request = self.api.at(&self.queries).request(Method::GET, &path);
        let response = request.send().await?;
        ensure!(response.status() == 200, "{}", response.text().await?);
        Done::read(&response.text().await?)
    }

    /// Waits until this is stored: what was uploaded goes after the end was told.
    pub async fn until_stored(&self, files: impl Fn(&[String]) -> bool) -> Result<()> {
        wait_until("uploads to go", async || {
            Ok(files(&self.stored()?).then_some(()))
        })
        .await
    }

    /// Files in the folder, by their paths.
    pub fn stored(&self) -> Result<Vec<String>> {
        let mut files = Vec::new();
        if self.folder.path().exists() {
            collect(self.folder.path(), &mut files)?;
        }
        files.sort();
        Ok(files)
    }
}

fn url(folder: &TempDir) -> String {
    format!("file://{}", folder.path().display())
}

fn collect(folder: &Path, files: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path.to_str().context("UTF-8")?.to_owned());
        }
    }
    Ok(())
}

/// A count of an operation's progress.
pub fn count(operation: &Value, name: &str) -> u64 {
    operation["progress"][name].as_u64().unwrap_or_default()
}
