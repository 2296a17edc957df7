//! What a worker says of queues.

use super::hall::{Hall, leaves};
use crate::process::scene::Scene;
use anyhow::{Result, ensure};
use infra::jobs::cancel;
use serde_json::json;
use tests::{Role, TestEnv, wait_until};

/// In seconds; of the queue of [`super::hall::Leave`].
async fn oldest(worker: &Role) -> Result<Option<f64>> {
    let metrics = reqwest::get(format!("{}/metrics", worker.url())).await?;
    let metrics = metrics.text().await?;
    let of_queue = "orderlog_jobs_oldest_due_age_seconds{queue=\"leaving\"} ";
    let mut lines = metrics.lines();
    let told = lines.find_map(|line| line.strip_prefix(of_queue));
    Ok(told.map(str::parse::<f64>).transpose()?)
}

/// Also of a queue that no worker knows. What is due later does not count.
pub async fn a_queue_says_how_long_its_oldest_job_has_been_due(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env, json!({})).await?;
    let hall = Hall::of(&env.config)?;
    let jobs = leaves(3)?;
    let _ = hall.enqueue_silently(&jobs).await?;
    let due = "UPDATE jobs SET run_at = now() - x.hours * interval '1 hour' \
                 FROM (VALUES (0, 1), (1, 2), (2, -1)) AS x (number, hours) \
                WHERE payload->'number' = to_jsonb(x.number)";
    sqlx::query(due).execute(&hall.ops).await?;
    let worker = scene.ready_worker().await?;
    let told = wait_until("the age of a job", async || oldest(&worker).await).await?;
    ensure!((7_200.0..7_500.0).contains(&told), "{told}");
    for (cancelled, expected) in [(1, 3_600.0..3_900.0), (0, 0.0..1.0)] {
        ensure!(cancel(&hall.ops, jobs[cancelled].id()).await?.is_some());
        wait_until("the age of the next one", async || {
            let told = oldest(&worker).await?;
            Ok(told.filter(|told| expected.contains(told)))
        })
        .await?;
    }
    Ok(())
}
