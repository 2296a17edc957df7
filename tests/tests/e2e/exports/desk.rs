//! Views that a test fills, both APIs and a worker on them, and a folder for files.

use crate::{
    process::scene::Scene,
    read_api::{exports::files::File, views::Views},
};
use anyhow::{Context as _, Result, ensure};
use infra::{clock, config::Config, postgres::pool};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, PgPool};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};
use tests::{Answer, Role, TestEnv, answer, wait_until};

/// All of them.
pub struct Desk<'a> {
    pub scene: Scene<'a>,
    pub views: Views,
    pub ops: PgPool,
    folder: PathBuf,
}

/// The folder of a test, beside its master key; and leases so short that a worker
/// soon learns what it is told.
pub fn configured(config: &mut Config) {
    config.objects_url = format!("file://{}", folder(config).display());
    config.jobs_lease_seconds = 3;
    config.jobs_drain_seconds = 0;
}

fn folder(config: &Config) -> PathBuf {
    Path::new(&config.master_key_file).with_file_name("objects")
}

/// Orders with documents of 200 kB.
pub const LARGE: i32 = 300;
/// The order whose row is not given before the gate is opened, and the gate.
const HALF_WAY: &str = "N150";
const GATE: i64 = 77;

impl<'a> Desk<'a> {
    /// Everything but a worker.
    pub async fn open(env: &'a TestEnv) -> Result<Self> {
        Self::open_with(env, |_| {}).await
    }

    /// The same, where roles are configured otherwise.
    pub async fn open_with(
        env: &'a TestEnv,
        more: impl Fn(&mut Config) + Clone + Send + Sync + 'static,
    ) -> Result<Self> {
        let told = move |config: &mut Config| {
            configured(config);
            more(config);
        };
        let scene = Scene::start_with(env, json!({}), told.clone()).await?;
        let views = Views::start_told(env, told).await?;
        Ok(Self {
            scene,
            views,
            ops: pool(&env.config.ops_url, 2)?,
            folder: folder(&env.config),
        })
    }

    /// Everything, with so many orders.
    pub async fn with_orders(env: &'a TestEnv, count: i32) -> Result<(Self, Role)> {
        let desk = Self::open(env).await?;
        desk.views.add_orders(1, count).await?;
        let worker = desk.scene.ready_worker().await?;
        Ok((desk, worker))
    }

    /// Asks for an export.
    pub async fn ask(&self, body: &Value) -> Result<Value> {
        let asked = self.scene.api.post("/v1/exports", body).await?;
        let asked = asked.expect(202)?;
        let id = id_of(&asked.json)?;
        ensure!(asked.header("location") == format!("/v1/exports/{id}"));
        Ok(asked.json)
    }

    /// An export as it is now.
    pub async fn read(&self, id: &str) -> Result<Value> {
        let read = self.views.api.get(&format!("/v1/exports/{id}")).await?;
        Ok(read.expect(200)?.json)
    }

    /// Waits until an export is in this state.
    pub async fn until(&self, id: &str, state: &str) -> Result<Value> {
        wait_until(&format!("an export that is {state}"), async || {
            let export = self.read(id).await?;
            ensure!(
                export["state"] != "failed" || state == "failed",
                "it failed: {export}"
            );
            Ok((export["state"] == *state).then_some(export))
        })
        .await
    }

    /// Asks for an export and waits until it is there.
    pub async fn made(&self, body: &Value) -> Result<Value> {
        let asked = self.ask(body).await?;
        self.until(id_of(&asked)?, "done").await
    }

    /// Has what is old thrown away, in a moment.
    pub async fn tidy(&self) -> Result<()> {
        let run = "/v1/admin/schedules/exports-retention/run";
        self.views.api.post(run, &json!({})).await?.expect(202)?;
        Ok(())
    }

    /// A command on an export.
    pub async fn command(&self, method: Method, path: &str) -> Result<Answer> {
        let path = format!("/v1/exports/{path}");
        answer(self.scene.api.request(method, &path)).await
    }

    /// A request for what a link leads to, without a key.
    pub fn follow(&self, link: &str) -> RequestBuilder {
        let url = format!("{}{link}", self.views.role.url());
        reqwest::Client::new().get(url)
    }

    /// The file of an export, through its link.
    pub async fn file(&self, export: &Value) -> Result<File> {
        let link = link_of(export)?;
        let response = self.follow(link).send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await?.to_vec();
        ensure!(status == 200, "{status} {}", String::from_utf8_lossy(&body));
        Ok(File { headers, body })
    }

    /// Every file in the folder, also those that are not whole.
    pub fn files(&self) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        collect(&self.folder, &mut found)?;
        Ok(found)
    }

    /// Puts something into the folder that nobody knows of.
    pub fn leave_behind(&self, name: &str) -> Result<()> {
        let file = self.folder.join(name);
        fs::create_dir_all(file.parent().context("no folder")?)?;
        fs::write(&file, "left behind")?;
        let written = clock::now() - Duration::from_hours(25);
        Ok(fs::File::options()
            .write(true)
            .open(file)?
            .set_modified(written.into())?)
    }

    /// Waits until the folder has so many files.
    pub async fn until_files(&self, wanted: usize) -> Result<()> {
        wait_until(&format!("{wanted} files"), async || {
            Ok((self.files()?.len() == wanted).then_some(()))
        })
        .await
    }

    /// Fills the views so that an export of all orders stops half way, after some
    /// 30 MB, until what is returned is dropped.
    pub async fn stop_half_way(&self, env: &TestEnv) -> Result<PgConnection> {
        self.views.add_orders(1, LARGE).await?;
        let mut gate = PgConnection::connect(&env.config.views_url).await?;
        let close = sqlx::query("SELECT pg_advisory_lock($1)").bind(GATE);
        close.execute(&mut gate).await?;
        for sql in [
            "UPDATE orders SET document = \
                 json_build_object('id', id, 'padding', repeat('x', 200000))::text"
                .to_owned(),
            format!(
                "CREATE FUNCTION passes(number text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN \
                     IF number = '{HALF_WAY}' THEN \
                         PERFORM set_config('lock_timeout', '0', true); \
                         PERFORM pg_advisory_xact_lock_shared({GATE}); \
                     END IF; RETURN true; END $$"
            ),
            "ALTER TABLE orders RENAME TO all_orders".to_owned(),
            "CREATE VIEW orders AS SELECT * FROM all_orders WHERE passes(number)".to_owned(),
        ] {
            self.views.execute(&sql).await?;
        }
        Ok(gate)
    }

    /// Waits until an export stands at the gate, with a part of it in the folder.
    pub async fn until_half_way(&self, id: &str) -> Result<()> {
        self.until(id, "running").await?;
        wait_until("an export half way", async || {
            let half = self
                .files()?
                .iter()
                .any(|file| fs::metadata(file).is_ok_and(|metadata| metadata.len() > 10_000_000));
            Ok(half.then_some(()))
        })
        .await
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // It was removed meanwhile, or nobody has made it yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// The id of an export.
pub fn id_of(export: &Value) -> Result<&str> {
    export["id"].as_str().context("no id")
}

/// The link to the file of an export.
pub fn link_of(export: &Value) -> Result<&str> {
    export["download"]["url"].as_str().context("no link")
}
