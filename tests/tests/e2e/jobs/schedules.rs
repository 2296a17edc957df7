//! Jobs at certain times.

use super::hall::{Hall, leaves, quick};
use crate::process::scene::{Scene, counted};
use anyhow::{Context as _, Result, ensure};
use infra::{
    jobs::{
        JobState, Schedule, ScheduleRecord, Timing, find_schedule, run_schedule,
        set_schedule_paused, spawn_schedules,
    },
    lifecycle::Lifecycle,
};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Api, TestEnv, wait_until};

const NAME: &str = "test-leaving";

/// A process that would lead, with this schedule.
fn clockwork(hall: &Hall, timing: Timing) -> Result<Lifecycle> {
    leading(hall, Schedule::new(NAME, timing, &quick(0))?)
}

fn leading(hall: &Hall, schedule: Schedule) -> Result<Lifecycle> {
    let lifecycle = Lifecycle::new();
    spawn_schedules(
        &hall.config.ops_url,
        hall.ops.clone(),
        vec![schedule],
        &lifecycle,
    )?;
    Ok(lifecycle)
}

async fn ended(lifecycle: Lifecycle) -> Result<()> {
    lifecycle.shutdown.cancel();
    Ok(lifecycle.finished().await?)
}

async fn schedule(hall: &Hall) -> Result<ScheduleRecord> {
    find_schedule(&hall.ops, NAME).await?.context("no schedule")
}

async fn until_runs(hall: &Hall, wanted: i64) -> Result<()> {
    wait_until(&format!("{wanted} runs"), async || {
        Ok((hall.count(JobState::Pending).await? >= wanted).then_some(()))
    })
    .await
}

/// Due times that were met, in seconds.
async fn due_times(hall: &Hall) -> Result<Vec<f64>> {
    let keys = "SELECT split_part(unique_key, ' ', 2)::float8 FROM jobs ORDER BY 1";
    Ok(sqlx::query_scalar(keys).fetch_all(&hall.ops).await?)
}

pub async fn a_schedule_is_due_once_with_two_workers(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let timing = || Timing::Every(Duration::from_secs(1));
    let first = clockwork(&hall, timing())?;
    let second = clockwork(&hall, timing())?;
    until_runs(&hall, 3).await?;
    // The other one takes over.
    ended(first).await?;
    let before = hall.count(JobState::Pending).await?;
    until_runs(&hall, before + 2).await?;
    ended(second).await?;
    let times = due_times(&hall).await?;
    ensure!(
        times.windows(2).all(|two| two[1] - two[0] >= 0.99),
        "{times:?}"
    );
    Ok(())
}

pub async fn missed_times_are_made_up_for_once(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let timing = || Timing::Every(Duration::from_hours(1));
    let before = clockwork(&hall, timing())?;
    wait_until("the schedule to be known", async || {
        Ok(find_schedule(&hall.ops, NAME).await?.map(|_| ()))
    })
    .await?;
    ended(before).await?;
    let missed = "UPDATE job_schedules SET next_run_at = next_run_at - interval '10 hours'";
    sqlx::query(missed).execute(&hall.ops).await?;
    let missed = schedule(&hall).await?.next_run_at;
    let after = clockwork(&hall, timing())?;
    until_runs(&hall, 1).await?;
    let now = schedule(&hall).await?;
    ensure!(now.last_due_at == Some(missed), "{now:?}");
    // The rhythm is the same, and what comes next is not past.
    let steps = (now.next_run_at - missed).whole_seconds();
    ensure!(
        steps % 3_600 == 0 && (9 * 3_600..=10 * 3_600).contains(&steps),
        "{steps}"
    );
    ended(after).await?;
    ensure!(hall.count(JobState::Pending).await? == 1);
    Ok(())
}

pub async fn a_paused_schedule_is_quiet(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let clockwork = clockwork(&hall, Timing::Every(Duration::from_secs(1)))?;
    until_runs(&hall, 1).await?;
    let paused = env.orderlog_ok(&["schedules", "pause", NAME]).await?;
    ensure!(paused.contains(NAME), "{paused}");
    let runs = hall.count(JobState::Pending).await?;
    // A person may still ask for it, once at a time.
    let run = run_schedule(&hall.ops, NAME).await?;
    ensure!(run.is_some() && run_schedule(&hall.ops, NAME).await?.is_none());
    ensure!(schedule(&hall).await?.last_job == run);
    // A leader has looked at the clock since: it was due, and nothing came of it.
    wait_until("a due time to pass", async || {
        let schedule = schedule(&hall).await?;
        let is_over = schedule.next_run_at + Duration::from_secs(2) < infra::clock::now();
        Ok(is_over.then_some(()))
    })
    .await?;
    ensure!(hall.count(JobState::Pending).await? == runs + 1);
    env.orderlog_ok(&["schedules", "resume", NAME]).await?;
    until_runs(&hall, runs + 2).await?;
    ensure!(!set_schedule_paused(&hall.ops, "none", true).await?);
    ended(clockwork).await
}

pub async fn a_schedule_that_is_off_says_why_and_enqueues_nothing(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let timing = || Timing::Every(Duration::from_secs(1));
    let off = Schedule::new(NAME, timing(), &quick(0))?.off("nobody wants it");
    let clockwork = leading(&hall, off)?;
    // A leader has looked at the clock since it was due.
    wait_until("a due time to pass", async || {
        let known = find_schedule(&hall.ops, NAME).await?;
        let is_over = known.is_some_and(|schedule| {
            schedule.next_run_at + Duration::from_secs(2) < infra::clock::now()
        });
        Ok(is_over.then_some(()))
    })
    .await?;
    ensure!(hall.count(JobState::Pending).await? == 0);
    let listed = env.orderlog_ok(&["schedules", "list"]).await?;
    ensure!(listed.trim().ends_with("off: nobody wants it"), "{listed}");
    ended(clockwork).await?;
    // It is wanted now: what was not to be is not made up for.
    let missed = "UPDATE job_schedules SET next_run_at = next_run_at - interval '10 hours'";
    sqlx::query(missed).execute(&hall.ops).await?;
    let began = infra::clock::now();
    let clockwork = self::clockwork(&hall, timing())?;
    until_runs(&hall, 1).await?;
    let now = schedule(&hall).await?;
    ensure!(
        now.off.is_none() && now.last_due_at.is_some_and(|due| due > began),
        "{now:?}"
    );
    ended(clockwork).await
}

pub async fn operators_see_and_steer_schedules_over_http(env: &TestEnv) -> Result<()> {
    let hall = Hall::open(env).await?;
    let clockwork = clockwork(&hall, Timing::Every(Duration::from_hours(1)))?;
    wait_until("the schedule to be known", async || {
        Ok(find_schedule(&hall.ops, NAME).await?.map(|_| ()))
    })
    .await?;
    ended(clockwork).await?;
    let mut read_api = env.role("read-api").spawn()?;
    read_api.ready().await?;
    let api = Api::new(env, &read_api).await?;
    let listed = api.get("/v1/admin/schedules").await?.expect(200)?.json;
    ensure!(
        listed["data"][0]["name"] == NAME && listed["data"][0]["every_seconds"] == 3_600,
        "{listed}"
    );
    let (path, body) = (format!("/v1/admin/schedules/{NAME}"), json!({}));
    for (what, paused) in [("pause", true), ("resume", false)] {
        let told = api.post(&format!("{path}/{what}"), &body).await?;
        let told = told.expect(200)?.json;
        ensure!(told["paused"] == paused, "{told}");
        ensure!(schedule(&hall).await?.paused == paused);
    }
    let run = format!("{path}/run");
    let told = api.post(&run, &body).await?.expect(202)?.json;
    let job = told["job"].as_str().context("no job")?.parse()?;
    ensure!(hall.job(job).await?.state == JobState::Pending);
    let twice = api.post(&run, &body).await?;
    twice.expect_problem(409, "schedule_running")?;
    let none = api.post("/v1/admin/schedules/none/run", &body).await?;
    none.expect_problem(404, "schedule_not_found")?;
    Ok(())
}

/// The real worker, its real schedule, asked for by hand.
pub async fn a_worker_throws_away_what_is_old(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env, json!({})).await?;
    let hall = Hall::of(&env.config)?;
    let _ = hall.enqueue_silently(&leaves(5)?).await?;
    let old = "UPDATE jobs SET state = x.state, finished_at = now() - x.days * interval '1 day' \
                 FROM (VALUES (0, 'done', 8), (1, 'done', 6), (2, 'cancelled', 8), \
                              (3, 'dead', 89), (4, 'dead', 91)) AS x (number, state, days) \
                WHERE payload->'number' = to_jsonb(x.number)";
    sqlx::query(old).execute(&hall.ops).await?;
    let worker = scene.ready_worker().await?;
    wait_until("the schedule to be known", async || {
        let listed = env.orderlog_ok(&["schedules", "list", "--json"]).await?;
        Ok(listed.contains("jobs-retention").then_some(()))
    })
    .await?;
    let run = env
        .orderlog_ok(&["schedules", "run", "jobs-retention", "--json"])
        .await?;
    let run: Value = serde_json::from_str(&run)?;
    let id = run["job"].as_str().context("no job")?.parse()?;
    let done = hall.until_state(id, JobState::Done).await?;
    ensure!(done.result == Some(json!({ "deleted": 3 })), "{done:?}");
    let kept: Vec<i32> = sqlx::query_scalar(
        "SELECT (payload->>'number')::int FROM jobs WHERE kind = 'test.leave' ORDER BY 1",
    )
    .fetch_all(&hall.ops)
    .await?;
    ensure!(kept == [1, 3], "{kept:?}");
    ensure!(counted(&worker, "orderlog_jobs_taken_total").await? == 1);
    ensure!(worker.terminate().await?.success());
    Ok(())
}
