//! The roles that archiving needs, and orders that have been quiet for years.

use crate::{jobs::hall::Hall, process::scene::Scene};
use anyhow::{Context as _, Result, ensure};
use infra::{config::Config, jobs::JobState, postgres::pool};
use serde_json::{Value, json};
use sqlx::PgPool;
use tests::{Role, TestEnv, wait_until, wait_until_within};
use uuid::Uuid;

/// Everything but a worker.
pub struct Stage<'a> {
    pub env: &'a TestEnv,
    pub shop: Scene<'a>,
    pub read_api: Role,
    projector: Option<Role>,
    views: PgPool,
    log: PgPool,
    hall: Hall,
}

impl<'a> Stage<'a> {
    /// Workers are told `more`.
    pub async fn start(env: &'a TestEnv, more: fn(&mut Config)) -> Result<Self> {
        let shop = Scene::start_with(env, json!({}), more).await?;
        let mut projector = env.role("projector").spawn()?;
        let mut read_api = env.role("read-api").spawn()?;
        projector.ready().await?;
        read_api.ready().await?;
        Ok(Self {
            env,
            shop,
            read_api,
            projector: Some(projector),
            views: pool(&env.config.views_url, 2)?,
            log: pool(&env.config.events_url, 2)?,
            hall: Hall::of(&env.config)?,
        })
    }

    /// A worker that is ready; what a killed one had is another's after two seconds.
    pub async fn worker(&self) -> Result<Role> {
        let worker = self.shop.worker().config(|config| {
            config.jobs_lease_seconds = 2;
            self.read_api.url().clone_into(&mut config.read_url);
        });
        let mut worker = worker.spawn()?;
        worker.ready().await?;
        Ok(worker)
    }

    /// The views stay as they are.
    pub async fn stop_projector(&mut self) -> Result<()> {
        let projector = self.projector.take().context("no projector")?;
        projector.kill9().await
    }

    /// They follow again.
    pub async fn start_projector(&mut self) -> Result<()> {
        let mut projector = self.env.role("projector").spawn()?;
        projector.ready().await?;
        self.projector = Some(projector);
        Ok(())
    }

    /// Waits until the views have all that was stored.
    pub async fn until_followed(&self) -> Result<()> {
        wait_until("the views to follow", async || {
            let stored: i64 =
                sqlx::query_scalar("SELECT count(*) FROM events WHERE aggregate_type = 'order'")
                    .fetch_one(&self.log)
                    .await?;
            let followed: Option<i64> =
                sqlx::query_scalar("SELECT sum(version)::bigint FROM orders")
                    .fetch_one(&self.views)
                    .await?;
            Ok((followed == Some(stored)).then_some(()))
        })
        .await
    }

    /// Has all orders but these look as if nobody had touched them for years.
    pub async fn age_all_but(&self, young: &[Uuid]) -> Result<()> {
        self.until_followed().await?;
        let old = "regexp_replace(json, '\"updated_at\":\"[^\"]*\"', \
                                  '\"updated_at\":\"2020-01-01T00:00:00Z\"')";
        let (document, summary) = (
            old.replace("json", "document"),
            old.replace("json", "summary"),
        );
        let sql = format!(
            "UPDATE orders SET updated_at = '2020-01-01Z', document = {document}, \
                               summary = {summary} WHERE id <> ALL($1)"
        );
        sqlx::query(&sql).bind(young).execute(&self.views).await?;
        Ok(())
    }

    /// Asks for a run of a schedule; its job.
    pub async fn begin(&self, schedule: &str) -> Result<Uuid> {
        begin(self.env, schedule).await
    }

    /// Waits until a job is done; what came of it.
    pub async fn done(&self, job: Uuid) -> Result<Value> {
        let done = self.hall.until_state(job, JobState::Done).await?;
        done.result.context("no result")
    }

    /// A whole run.
    pub async fn run(&self, schedule: &str) -> Result<Value> {
        let job = self.begin(schedule).await?;
        self.done(job).await
    }

    /// How many events of this type are stored, and of how many orders.
    pub async fn events_of(&self, event: &str) -> Result<(i64, i64)> {
        let sql = "SELECT count(*), count(DISTINCT aggregate_id) FROM events WHERE event_type = $1";
        let counts = sqlx::query_as(sql).bind(event);
        Ok(counts.fetch_one(&self.log).await?)
    }

    /// Who has stored an order's last event, and what led to it.
    pub async fn last_said(&self, order: Uuid) -> Result<Value> {
        let sql = "SELECT metadata FROM events WHERE aggregate_id = $1 \
                    ORDER BY sequence DESC LIMIT 1";
        let metadata = sqlx::query_scalar(sql).bind(order.to_string());
        Ok(metadata.fetch_one(&self.log).await?)
    }

    /// Waits until a job has noted that it is under way.
    pub async fn until_archived(&self, wanted: i64) -> Result<()> {
        let what = format!("{wanted} archived orders");
        wait_until_within(tests::DEADLINE, &what, async || {
            let (events, _) = self.events_of("OrderArchived").await?;
            Ok((events >= wanted).then_some(()))
        })
        .await
    }
}

/// Asks for a run of a schedule, once a worker has made it known; its job.
pub async fn begin(env: &TestEnv, schedule: &str) -> Result<Uuid> {
    wait_until("the schedule to be known", async || {
        let listed = env.orderlog_ok(&["schedules", "list", "--json"]).await?;
        Ok(listed.contains(schedule).then_some(()))
    })
    .await?;
    let run = ["schedules", "run", schedule, "--json"];
    let run: Value = serde_json::from_str(&env.orderlog_ok(&run).await?)?;
    Ok(run["job"].as_str().context("no job")?.parse()?)
}

/// Whether these, and no others, have an event of this type.
pub fn ensure_same(what: &str, mut found: Vec<String>, mut expected: Vec<String>) -> Result<()> {
    found.sort();
    expected.sort();
    ensure!(found == expected, "{what}: {found:?}, not {expected:?}");
    Ok(())
}
