//! How old the rules are that orders are decided by.

use super::scene::{Scene, order};
use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use tests::{TestEnv, answer};
use time::{Duration, OffsetDateTime};

/// How often the platform is changed.
const CHANGES: usize = 60;
/// Clients that place orders meanwhile, at each of two processes.
const CLIENTS: usize = 4;

/// One process changes a platform, another one has nothing but hints and its own
/// clock to notice: each order says by which version it was decided, and that
/// one was the present one at most a second before.
pub async fn every_order_is_decided_by_rules_of_less_than_a_second_before(
    env: &TestEnv,
) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let mut other = env.role("command-api").spawn()?;
    other.ready().await?;
    let other = scene.api.at(&other);
    let accepted = json!({"client_prices": "accepted"});
    scene
        .put("/v1/platforms/web", &accepted)
        .await?
        .expect(201)?;
    let (body, done) = (order("web"), AtomicBool::new(false));
    let place = async |api: &tests::Api| {
        let mut placed = 0;
        while !done.load(Ordering::Relaxed) {
            api.post("/v1/orders", &body).await?.expect(201)?;
            placed += 1;
        }
        anyhow::Ok(placed)
    };
    let change = async {
        for number in 0..CHANGES {
            let prefix = json!({"number_prefix": format!("P{number}-")});
            let changed = scene
                .api
                .request(Method::PATCH, "/v1/platforms/web")
                .json(&prefix);
            answer(changed).await?.expect(200)?;
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let clients = [&scene.api, &other]
        .into_iter()
        .flat_map(|api| vec![api; CLIENTS]);
    let placing = futures_util::future::try_join_all(clients.map(&place));
    let (placed, ()) = futures_util::future::try_join(placing, change).await?;
    let placed: usize = placed.iter().sum();
    let saved: Vec<OffsetDateTime> = sqlx::query_scalar(
        "SELECT recorded_at FROM events WHERE aggregate_type = 'platform' ORDER BY sequence",
    )
    .fetch_all(&scene.log)
    .await?;
    ensure!(saved.len() == CHANGES + 1);
    let orders: Vec<(String, OffsetDateTime, String)> = sqlx::query_as(
        "SELECT metadata ->> 'platform_version', recorded_at, payload #>> '{OrderPlaced,number}' \
           FROM events WHERE aggregate_type = 'order'",
    )
    .fetch_all(&scene.log)
    .await?;
    ensure!(
        orders.len() == placed && placed > CLIENTS,
        "{} of {placed}",
        orders.len()
    );
    let mut oldest = Duration::ZERO;
    for (version, at, number) in orders {
        let version: usize = version.parse()?;
        // It was the present one until the next one was recorded.
        if let Some(replaced) = saved.get(version) {
            oldest = oldest.max(at - *replaced);
        }
        // What the order says is what that version says.
        let prefix = match version {
            1 => String::new(),
            version => format!("P{}-", version - 2),
        };
        let rest = number.strip_prefix(&prefix).context(number.clone())?;
        ensure!(rest.parse::<i64>().is_ok(), "{number} by version {version}");
    }
    println!("{placed} orders beside {CHANGES} changes; the oldest rules were {oldest} old");
    ensure!(oldest < Duration::SECOND, "{oldest}");
    Ok(())
}
