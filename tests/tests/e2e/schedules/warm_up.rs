//! Statistics that are in the cache when people come.

use super::scene::begin;
use crate::{
    jobs::hall::Hall,
    read_api::{
        redis_failing::own_redis,
        statistics::add_sums,
        views::{PATIENCE, Views},
    },
};
use anyhow::{Context as _, Result, ensure};
use infra::{
    config::Config, jobs::JobState, local_servers::LocalServers, redis::Redis, secret::Secret,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::Arc;
use tempfile::TempDir;
use tests::{Answer, Api, Role, TestEnv, wait_until};
use time::Duration;

const STATISTICS: &str = "/v1/statistics";

/// A read API with sums, a worker, and a Redis that only they have.
struct Stage<'a> {
    env: &'a TestEnv,
    views: Views,
    redis: Redis,
    servers: Arc<LocalServers>,
    _dir: TempDir,
    hall: Hall,
    ops: PgPool,
    _worker: Role,
}

impl<'a> Stage<'a> {
    async fn start(env: &'a TestEnv) -> Result<Self> {
        let (servers, dir, views, redis) = own_redis(env).await?;
        add_sums(&views).await?;
        let worker = env.role("worker").config(|config| {
            servers.configure(config);
            config.redis_timeout_ms = PATIENCE;
            // Nobody has said where the read API is: the front, which is this one.
            views.role.url().clone_into(&mut config.command_url);
            config.api_key = Secret::new(views.api.key());
        });
        let mut worker = worker.spawn()?;
        worker.ready().await?;
        let hall = Hall::of(&Config {
            ..env.config.clone()
        })?;
        Ok(Self {
            env,
            views,
            redis,
            servers,
            _dir: dir,
            ops: hall.ops.clone(),
            hall,
            _worker: worker,
        })
    }

    /// Asks as somebody else than the worker.
    async fn ask(&self, question: &str) -> Result<Answer> {
        let somebody = Api::new(self.env, &self.views.role).await?;
        let path = format!("{STATISTICS}/{question}");
        somebody.get(&path).await?.expect(200)
    }

    async fn warm_up(&self) -> Result<Value> {
        let job = begin(self.env, "statistics-warm-up").await?;
        let done = self.hall.until_state(job, JobState::Done).await?;
        done.result.context("no result")
    }

    /// What is noted of a question; none where nothing is.
    async fn noted(&self, form: &str) -> Result<Option<i64>> {
        let sum = "SELECT sum(asked)::bigint FROM asked_questions WHERE form = $1";
        let form = format!("{STATISTICS}/{form}");
        Ok(sqlx::query_scalar(sum)
            .bind(form)
            .fetch_one(&self.ops)
            .await?)
    }

    async fn until_noted(&self, form: &str) -> Result<()> {
        wait_until("the question to be noted", async || {
            Ok(self.noted(form).await?.map(|_| ()))
        })
        .await
    }

    /// As if it had been asked so often, so many days ago.
    async fn asked(&self, form: &str, (ago, times): (i64, i64)) -> Result<()> {
        let day = infra::clock::now().date() - Duration::days(ago);
        let sql = "INSERT INTO asked_questions (day, form, asked) VALUES ($1, $2, $3)";
        let insert = sqlx::query(sql).bind(day);
        let insert = insert.bind(format!("{STATISTICS}/{form}")).bind(times);
        insert.execute(&self.ops).await?;
        Ok(())
    }

    /// Redis forgets everything.
    async fn flush(&self) -> Result<()> {
        self.redis.command::<()>(&redis::cmd("FLUSHALL")).await?;
        Ok(())
    }

    /// The sums are others, and whoever does not compute anew tells the old ones.
    async fn change_behind_the_back(&self) -> Result<()> {
        let more = "UPDATE order_statistics SET orders = orders + 1";
        self.views.execute(more).await
    }
}

fn cache_status(answer: &Answer) -> &str {
    answer.header("cache-status")
}

pub async fn after_a_flush_the_next_request_finds_its_answer(env: &TestEnv) -> Result<()> {
    let stage = Stage::start(env).await?;
    let question = "orders?group_by=platform&currency=EUR";
    let first = stage.ask(question).await?;
    ensure!(cache_status(&first) == "orderlog; fwd=miss", "{first:?}");
    stage
        .until_noted("orders?currency=EUR&group_by=platform")
        .await?;
    // Somebody's name is nobody's business; it was asked before what is noted now.
    stage.ask("orders?q=lovelace").await?;
    stage.ask("orders?customer=C-17&currency=EUR").await?;
    stage.ask("funnel").await?;
    stage.until_noted("funnel").await?;
    let noted: i64 = sqlx::query_scalar("SELECT count(*) FROM asked_questions")
        .fetch_one(&stage.ops)
        .await?;
    ensure!(noted == 2, "{noted}");

    stage.flush().await?;
    let told = stage.warm_up().await?;
    ensure!(
        told == json!({"questions": 2, "computed": 2, "fresh": 0, "failed": 0, "left": 0}),
        "{told}"
    );
    stage.change_behind_the_back().await?;
    let found = stage.ask(question).await?;
    ensure!(cache_status(&found) == "orderlog; hit", "{found:?}");
    ensure!(found.json["data"] == first.json["data"], "{}", found.json);

    // What is there is not computed again, and having it ready is not asking for it.
    let before = stage.noted("funnel").await?;
    stage.asked("products", (1, 1)).await?;
    let told = stage.warm_up().await?;
    ensure!(told["fresh"] == 2 && told["computed"] == 1, "{told}");
    stage.ask("customers").await?;
    stage.until_noted("customers").await?;
    ensure!(stage.noted("funnel").await? == before);
    ensure!(stage.noted("products").await? == Some(1));
    stage.servers.stop().await;
    Ok(())
}

pub async fn what_is_asked_each_day_is_there_before_it_is_asked(env: &TestEnv) -> Result<()> {
    let stage = Stage::start(env).await?;
    // The last thirty days, as asked on Monday and on Tuesday.
    let month = "orders?from=@-30&interval=day&to=@1";
    stage.asked(month, (1, 3)).await?;
    stage.asked(month, (2, 2)).await?;
    // Asked on one day only: who knows what moves along with it.
    stage.asked("orders?from=@-7&to=@1", (1, 9)).await?;
    // No question of this release.
    stage.asked("orders?colour=red", (0, 1)).await?;
    let told = stage.warm_up().await?;
    ensure!(
        told == json!({"questions": 2, "computed": 1, "fresh": 0, "failed": 1, "left": 0}),
        "{told}"
    );
    let today = infra::clock::now().date();
    let (from, to) = (today - Duration::days(30), today + Duration::days(1));
    let answer = stage
        .ask(&format!("orders?from={from}&to={to}&interval=day"))
        .await?;
    ensure!(cache_status(&answer) == "orderlog; hit", "{answer:?}");
    let week = today - Duration::days(7);
    let answer = stage.ask(&format!("orders?from={week}&to={to}")).await?;
    ensure!(cache_status(&answer) == "orderlog; fwd=miss", "{answer:?}");
    stage.servers.stop().await;
    Ok(())
}
