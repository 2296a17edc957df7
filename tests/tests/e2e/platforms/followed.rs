//! What a worker knows of platforms: no more of the log than is new, and nothing that
//! the log has not confirmed.

use super::scene::Scene;
use crate::{process::scene::Scene as Processes, proxy::Proxy};
use anyhow::{anyhow, ensure};
use domain::ids;
use infra::{
    config::Config,
    log::{ContractMapping, LogReader, MappingError, PublishedEvent, StoredEvent},
    platforms::SavedPlatforms,
    postgres::pool,
};
use orderlog::mapping::Mapping;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    error::Error,
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tests::{TestEnv, answer, wait_until};

/// Asked so often while nothing answers, half a second each, it is longer than a
/// second ago that something did.
const UNANSWERED: usize = 3;

/// The mapping of the log, which counts the events that are read.
#[derive(Default)]
struct Counting(AtomicUsize);

impl ContractMapping for Counting {
    fn upcast(&self, stored: &mut StoredEvent) -> Result<(), MappingError> {
        Mapping.upcast(stored)
    }

    fn event(&self, stored: &StoredEvent) -> Result<Option<PublishedEvent>, MappingError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Mapping.event(stored)
    }

    fn stream(&self, stored: &[StoredEvent]) -> Result<Vec<PublishedEvent>, MappingError> {
        Mapping.stream(stored)
    }
}

pub async fn a_platform_is_read_again_where_it_has_changed(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    for slug in ["web", "pos", "old"] {
        for name in ["Shop", "Shop of today"] {
            let path = format!("/v1/platforms/{slug}");
            let body = json!({"name": name});
            let saved = scene.put(&path, &body).await?;
            ensure!(saved.status.is_success(), "{}", saved.json);
        }
    }
    let counting = Arc::new(Counting::default());
    let read = || counting.0.load(Ordering::Relaxed);
    let reader = LogReader::new(scene.log.clone());
    let mut platforms = SavedPlatforms::new(reader, Arc::<Counting>::clone(&counting));
    let failed = |error: Box<dyn Error + Send + Sync>| anyhow!("{error}");
    let first = platforms.now().await.map_err(failed)?;
    ensure!(first.len() == 3 && read() == 3, "the last one of each");
    let same = platforms.now().await.map_err(failed)?;
    ensure!(Arc::ptr_eq(&first, &same) && read() == 3, "nothing is new");
    let confirming = json!({"auto_confirm": true});
    scene
        .patch("/v1/platforms/web", &confirming)
        .await?
        .expect(200)?;
    let changed = platforms.now().await.map_err(failed)?;
    ensure!(
        read() == 4,
        "one of three has changed, and {} were read",
        read() - 3
    );
    ensure!(changed["web"].auto_confirm && !changed["pos"].auto_confirm);
    // As in a log that was restored: its last event is an older one.
    let gone = sqlx::query(
        "DELETE FROM events WHERE aggregate_type = 'platform' \
            AND (aggregate_id, sequence) IN (SELECT aggregate_id, max(sequence) FROM events \
                 WHERE aggregate_type = 'platform' GROUP BY aggregate_id HAVING max(sequence) = 3)",
    );
    ensure!(gone.execute(&scene.log).await?.rows_affected() == 1);
    let restored = platforms.now().await.map_err(failed)?;
    ensure!(!restored["web"].auto_confirm && read() == 5);
    let gone = sqlx::query("DELETE FROM events WHERE aggregate_id = $1");
    let gone = gone.bind(ids::platform_id("old").hyphenated().to_string());
    ensure!(gone.execute(&scene.log).await?.rows_affected() == 2);
    let left = platforms.now().await.map_err(failed)?;
    ensure!(left.len() == 2 && !left.contains_key("old") && read() == 5);
    Ok(())
}

pub async fn what_the_log_does_not_confirm_for_a_second_is_not_known(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let path = "/v1/platforms/web";
    scene
        .put(path, &json!({"auto_confirm": true}))
        .await?
        .expect(201)?;
    let proxy = Proxy::start(&env.config.events_url).await?;
    let reader = LogReader::new(pool(&proxy.url(), 2)?);
    let mut platforms = SavedPlatforms::new(reader, Arc::new(Mapping));
    let known = wait_until("the platforms", async || Ok(platforms.now().await.ok())).await?;
    ensure!(known["web"].auto_confirm);
    proxy.fall_silent();
    for _ in 1..UNANSWERED {
        platforms.now().await.ok();
    }
    let last = platforms.now().await;
    ensure!(last.is_err(), "rules of more than a second ago");
    scene
        .patch(path, &json!({"auto_confirm": false}))
        .await?
        .expect(200)?;
    ensure!(platforms.now().await.is_err());
    proxy.accept();
    let known = wait_until("the platforms", async || Ok(platforms.now().await.ok())).await?;
    ensure!(!known["web"].auto_confirm);
    Ok(())
}

pub async fn a_worker_waits_for_the_log_before_it_decides(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Processes::start(env, json!({})).await?;
    let web = async |method: Method, body: Value| {
        answer(scene.api.request(method, "/v1/platforms/web").json(&body)).await
    };
    let confirming = json!({"auto_confirm": true, "client_prices": "accepted"});
    web(Method::PUT, confirming).await?.expect(201)?;
    let proxy = Proxy::start(&scene.config().events_url).await?;
    let through = |config: &mut Config| config.events_url = proxy.url();
    let mut worker = scene.worker().config(through).spawn()?;
    worker.ready().await?;
    let before = scene.place("web").await?;
    scene.until(before, "OrderConfirmed").await?;
    proxy.fall_silent();
    // For a second they may be decided by what is known.
    let unheard = wait_until("the worker to wait for the log", async || {
        let order = scene.place("web").await?;
        let said = fs::read_to_string(worker.log_path())?;
        let waits = said.contains("the platforms cannot be read");
        Ok(waits.then_some(order))
    })
    .await?;
    web(Method::PATCH, json!({"auto_confirm": false}))
        .await?
        .expect(200)?;
    let after = scene.place("web").await?;
    proxy.accept();
    // What is saved before an order holds for it, and nothing was lost meanwhile.
    let events = scene.until_idle(after).await?;
    ensure!(events == ["OrderPlaced"], "{events:?}");
    scene.until_idle(unheard).await?;
    Ok(())
}
