//! What hints (NOTIFY) are good for, and what holds without them. The time-to-live of
//! what a directory keeps is out of the way here.

use super::scene::Scene;
use anyhow::{Context as _, anyhow, ensure};
use domain::ids;
use infra::{
    platforms::{Directory, Platforms},
    postgres::pool,
};
use orderlog::mapping::Mapping;
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tests::TestEnv;
use tokio::task::yield_now;

/// Longer than any trial.
const KEPT: Duration = Duration::from_hours(1);
/// How often the platform is changed: with hints, and without.
const CHANGES: (usize, usize) = (21, 3);
/// Half of the changes show this soon, where a directory is told: a fraction of the
/// quarter of a second that it keeps what it has read otherwise.
const TOLD_WITHIN: Duration = Duration::from_millis(60);
/// Whatever happens, an older answer is not given.
const OLDEST: Duration = Duration::from_secs(1);
/// A server that is not there.
const NOWHERE: &str = "postgres://nobody@127.0.0.1:1/none";

/// A directory as of another process, which hears of changes on `listener`.
fn other(env: &TestEnv, listener: &str) -> anyhow::Result<Directory> {
    let pools = (pool(&env.config.events_url, 2)?, Some(pool(listener, 1)?));
    Ok(Directory::keeping(
        KEPT,
        pools,
        Arc::new(Mapping),
        ids::platform_id,
        Platforms::default(),
    ))
}

/// How long after a change the directory still gave what was before it. It has it in
/// memory when the platform is changed.
async fn told_after(
    scene: &Scene,
    directory: &Directory,
    number: usize,
) -> anyhow::Result<Duration> {
    let now = async || {
        let now = directory.get("web").await;
        now.map_err(|error| anyhow!("{error}"))
    };
    now().await?;
    let prefix = json!({"number_prefix": format!("P{number}-")});
    let changed = scene.patch("/v1/platforms/web", &prefix).await?;
    let began = Instant::now();
    let version = changed.expect(200)?.json["version"].as_i64();
    let version = version.context("no version")?;
    let mut last = Duration::ZERO;
    while now().await?.version < version {
        last = began.elapsed();
        yield_now().await;
    }
    Ok(last)
}

async fn shop(env: &TestEnv) -> anyhow::Result<Scene> {
    let scene = Scene::start(env).await?;
    scene
        .put("/v1/platforms/web", &json!({}))
        .await?
        .expect(201)?;
    Ok(scene)
}

pub async fn a_hint_shows_a_change_in_milliseconds(env: &TestEnv) -> anyhow::Result<()> {
    let scene = shop(env).await?;
    let directory = other(env, &env.config.events_url)?;
    let mut told = Vec::new();
    for number in 0..CHANGES.0 {
        told.push(told_after(&scene, &directory, number).await?);
    }
    told.sort_unstable();
    let (median, last) = (told[told.len() / 2], told[told.len() - 1]);
    println!("changes show after {median:?} (median), {last:?} at the latest");
    ensure!(median < TOLD_WITHIN, "{told:?}");
    ensure!(last < OLDEST, "{told:?}");
    Ok(())
}

pub async fn without_hints_nothing_older_than_a_second_is_answered(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = shop(env).await?;
    let directory = other(env, NOWHERE)?;
    for number in 0..CHANGES.1 {
        let last = told_after(&scene, &directory, number).await?;
        ensure!(last < OLDEST, "{last:?}");
        // It was kept: what is tried here is the bound, and nothing else.
        ensure!(last > TOLD_WITHIN, "{last:?}");
    }
    Ok(())
}
