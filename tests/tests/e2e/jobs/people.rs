//! What people and unique keys do to jobs.

use super::hall::{Hall, leaves, quick};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use infra::jobs::{
    Context, Filter, Handlers, Job, JobError, JobState, Kind, NewJob, Settings, cancel, enqueue,
    retry, retry_dead,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Api, TestEnv, wait_until};
use uuid::Uuid;

/// Goes on until it is told to end.
#[derive(Serialize, Deserialize)]
struct Wait {}

impl Job for Wait {
    const KIND: Kind = Kind {
        time_limit: Duration::from_mins(10),
        ..Kind::new("test.wait")
    };
}

fn waiting() -> Handlers {
    Handlers::new().with(|_: Wait, context: Context| async move {
        context.stopped().await;
        Err(JobError::retry("I was told to end"))
    })
}

fn attentive() -> Settings {
    Settings {
        lease: Duration::from_secs(10),
        ..Settings::default()
    }
}

pub async fn a_waiting_job_is_cancelled_at_once(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let job = NewJob::of(&quick(0))?;
    let enqueued = hall.enqueue_silently(std::slice::from_ref(&job)).await?;
    let cancelled = cancel(&hall.ops, job.id()).await?.context("it waits")?;
    ensure!(cancelled.state == JobState::Cancelled && cancelled.finished_at.is_some());
    ensure!(cancel(&hall.ops, job.id()).await?.is_none(), "twice");
    hall.announcer.announce(&enqueued).await;
    let worker = hall.worker(hall.leaving(), attentive());
    let other = hall.enqueue_one(&quick(1)).await?;
    hall.until_state(other, JobState::Done).await?;
    worker.ended().await?;
    ensure!(hall.left().await? == [1]);
    Ok(())
}

pub async fn a_running_job_is_told_to_end(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let worker = hall.worker(waiting(), attentive());
    let id = hall.enqueue_one(&Wait {}).await?;
    hall.until_state(id, JobState::Running).await?;
    let told = cancel(&hall.ops, id).await?.context("it runs")?;
    ensure!(told.state == JobState::Running && told.cancel_requested);
    let job = hall.until_state(id, JobState::Cancelled).await?;
    ensure!(job.attempts == 1, "{job:?}");
    worker.ended().await
}

pub async fn a_unique_key_admits_one_at_a_time(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let keyed = |number| -> Result<NewJob> { Ok(NewJob::of(&quick(number))?.unique("the shop")) };
    let three = [keyed(0)?, keyed(1)?, keyed(2)?.unique("another")];
    let enqueued = hall.enqueue(&three).await?;
    let new: Vec<bool> = enqueued.ids.iter().map(Option::is_some).collect();
    ensure!(new == [true, false, true], "{new:?}");
    let worker = hall.worker(hall.leaving(), Settings::default());
    hall.until_all(JobState::Done, 2).await?;
    // The one before is done.
    let again = keyed(3)?;
    let enqueued = hall.enqueue(std::slice::from_ref(&again)).await?;
    ensure!(enqueued.ids == [Some(again.id())]);
    hall.until_all(JobState::Done, 3).await?;
    worker.ended().await
}

/// At the same moment: one waits for the other's transaction.
pub async fn a_dead_job_whose_key_is_taken_stays_dead(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let dead = dead(&hall).await?;
    let keyed = "UPDATE jobs SET unique_key = 'the shop' WHERE id = $1";
    sqlx::query(keyed).bind(dead).execute(&hall.ops).await?;
    let live = NewJob::of(&quick(1))?.unique("the shop");
    let mut transaction = hall.ops.begin().await?;
    let enqueued = enqueue(&mut transaction, std::slice::from_ref(&live)).await?;
    ensure!(enqueued.ids == [Some(live.id())]);
    let taken = async {
        wait_until("a retry to wait", async || {
            let waiting = "SELECT count(*) FROM pg_stat_activity \
                            WHERE datname = current_database() AND wait_event_type = 'Lock' \
                              AND query LIKE 'WITH those%'";
            let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&hall.ops).await?;
            Ok((waiting == 2).then_some(()))
        })
        .await?;
        anyhow::Ok(transaction.commit().await?)
    };
    let filter = Filter::default();
    let (one, all, taken) = tokio::join!(
        retry(&hall.ops, dead),
        retry_dead(&hall.ops, &filter),
        taken
    );
    taken?;
    ensure!(one?.is_none() && all? == 0);
    let job = hall.job(dead).await?;
    ensure!(job.state == JobState::Dead, "{job:?}");
    Ok(())
}

/// Nobody is there to be told; whoever finds it that it was left cancels it.
pub async fn a_job_of_a_dead_worker_can_be_cancelled(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let jobs = leaves(1)?;
    let _ = hall.enqueue_silently(&jobs).await?;
    let id = jobs[0].id();
    let run = "UPDATE jobs SET state = 'running', worker = 'dead', attempts = 1, \
                      lease = gen_random_uuid(), lease_until = now() WHERE id = $1";
    sqlx::query(run).bind(id).execute(&hall.ops).await?;
    let told = cancel(&hall.ops, id).await?.context("it runs")?;
    ensure!(told.state == JobState::Running && told.cancel_requested);
    let worker = hall.worker(hall.leaving(), attentive());
    let job = hall.until_state(id, JobState::Cancelled).await?;
    ensure!(job.finished_at.is_some(), "{job:?}");
    worker.ended().await?;
    ensure!(hall.left_by(id).await? == 0);
    Ok(())
}

pub async fn a_unique_key_admits_one_of_many_at_once(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let keys: Vec<String> = (0..20).map(|n| format!("key {n}")).collect();
    let enqueue = |turned: bool| {
        let (hall, mut keys) = (&hall, keys.clone());
        async move {
            // In another order: nobody may wait for one who waits for them.
            if turned {
                keys.reverse();
            }
            let job = |key: String| Ok(NewJob::of(&quick(0))?.unique(key));
            let jobs: Vec<NewJob> = keys.into_iter().map(job).collect::<Result<_>>()?;
            let enqueued = hall.enqueue(&jobs).await?;
            anyhow::Ok(enqueued.ids.iter().flatten().count())
        }
    };
    let many = try_join_all((0..10).map(|n| enqueue(n % 2 == 0))).await?;
    let new: usize = many.iter().sum();
    ensure!(new == keys.len(), "{new} new jobs");
    Ok(())
}

async fn one_json(env: &TestEnv, args: &[&str]) -> Result<Value> {
    Ok(serde_json::from_str(&env.orderlog_ok(args).await?)?)
}

/// A dead job, as a release left it that failed at everything.
async fn dead(hall: &Hall) -> Result<Uuid> {
    let jobs = leaves(1)?;
    let _ = hall.enqueue_silently(&jobs).await?;
    let kill = "UPDATE jobs SET state = 'dead', attempts = 20, last_error = 'no luck', \
                       finished_at = now() WHERE id = $1";
    sqlx::query(kill)
        .bind(jobs[0].id())
        .execute(&hall.ops)
        .await?;
    Ok(jobs[0].id())
}

pub async fn the_command_line_lists_shows_retries_and_cancels(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let id = dead(&hall).await?.to_string();
    let listed = env
        .orderlog_ok(&["jobs", "list", "--state", "dead"])
        .await?;
    ensure!(
        listed.contains(&id) && listed.contains("no luck"),
        "{listed}"
    );
    let shown = one_json(env, &["jobs", "show", &id, "--json"]).await?;
    ensure!(
        shown["state"] == "dead" && shown["kind"] == "test.leave",
        "{shown}"
    );
    env.orderlog_ok(&["jobs", "retry", &id]).await?;
    let shown = one_json(env, &["jobs", "list", "--state", "pending", "--json"]).await?;
    ensure!(
        shown["id"] == id.as_str() && shown["attempts"] == 0,
        "{shown}"
    );
    env.orderlog_ok(&["jobs", "cancel", &id]).await?;
    let shown = one_json(env, &["jobs", "show", &id, "--json"]).await?;
    ensure!(shown["state"] == "cancelled", "{shown}");
    let again = env.orderlog(&["jobs", "cancel", &id]).await?;
    ensure!(again.status.code() == Some(1), "{again:?}");
    dead(&hall).await?;
    dead(&hall).await?;
    let all = env
        .orderlog_ok(&["jobs", "retry", "--all-dead", "--kind", "test.leave"])
        .await?;
    ensure!(all.starts_with("2 "), "{all}");
    ensure!(hall.count(JobState::Pending).await? == 2);
    Ok(())
}

pub async fn operators_see_and_stop_jobs_over_http(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let mut read_api = env.role("read-api").spawn()?;
    read_api.ready().await?;
    let api = Api::new(env, &read_api).await?;
    let id = dead(&hall).await?;
    let _ = hall.enqueue_silently(&leaves(3)?).await?;
    let first = api.get("/v1/admin/jobs?limit=2").await?.expect(200)?.json;
    ensure!(first["has_more"] == true && first["data"].as_array().map(Vec::len) == Some(2));
    let cursor = first["next_cursor"].as_str().context("a cursor")?;
    let rest = api
        .get(&format!("/v1/admin/jobs?limit=2&cursor={cursor}"))
        .await?;
    let rest = rest.expect(200)?.json;
    ensure!(rest["data"][1]["id"] == id.to_string(), "{rest}");
    let of_queue = api.get("/v1/admin/jobs?queue=leaving&state=dead").await?;
    ensure!(of_queue.expect(200)?.json["data"].as_array().map(Vec::len) == Some(1));
    let unknown = api.get("/v1/admin/jobs?state=sleeping").await?;
    unknown.expect(400)?;
    let path = format!("/v1/admin/jobs/{id}");
    let shown = api.get(&path).await?.expect(200)?.json;
    ensure!(shown["last_error"] == "no luck", "{shown}");
    let none = api.get(&format!("/v1/admin/jobs/{}", Uuid::nil())).await?;
    none.expect_problem(404, "job_not_found")?;
    let body = json!({});
    let retried = api
        .post(&format!("{path}/retry"), &body)
        .await?
        .expect(202)?;
    ensure!(retried.json["state"] == "pending", "{}", retried.json);
    let twice = api.post(&format!("{path}/retry"), &body).await?;
    twice.expect_problem(409, "job_not_retryable")?;
    let cancelled = api
        .post(&format!("{path}/cancel"), &body)
        .await?
        .expect(202)?;
    ensure!(cancelled.json["state"] == "cancelled", "{}", cancelled.json);
    let twice = api.post(&format!("{path}/cancel"), &body).await?;
    twice.expect_problem(409, "job_not_live")?;
    Ok(())
}
