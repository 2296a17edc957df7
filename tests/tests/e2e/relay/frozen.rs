//! A leader that is stopped and goes on later, as a process.

use super::scene::Scene;
use anyhow::{Result, ensure};
use contracts::topics;
use infra::kafka;
use rustix::process::Signal;
use serde_json::json;
use tests::{Api, TestEnv, wait_until};

const LEADS: &str = "relay.leads";
const EACH: usize = 20;

/// The lock of a frozen leader goes to the second relay, which fences it: when
/// it goes on in the middle of what it was doing, it publishes nothing more.
pub async fn a_frozen_leader_is_overtaken(env: &TestEnv) -> Result<()> {
    env.orderlog_ok(&["migrate"]).await?;
    let mut commands = env.role("command-api").spawn()?;
    let mut first = env.role("relay").spawn()?;
    first.log_line(LEADS).await?;
    let mut second = env.role("relay").spawn()?;
    second.ready().await?;
    commands.ready().await?;
    let api = Api::new(env, &commands).await?;
    place(&api).await?;
    arrived(env, EACH).await?;

    place(&api).await?;
    first.signal(Signal::STOP)?;
    place(&api).await?;
    second.log_line(LEADS).await?;
    arrived(env, 3 * EACH).await?;

    first.signal(Signal::CONT)?;
    place(&api).await?;
    arrived(env, 4 * EACH).await?;
    let scene = Scene::existing(&env.config)?;
    ensure!(scene.check_published_once().await? == 4 * EACH);
    ensure!(first.log().matches(LEADS).count() == 1, "{}", first.log());
    Ok(())
}

async fn place(api: &Api) -> Result<()> {
    for _ in 0..EACH {
        let order = json!({
            "platform": "web", "currency": "GBP",
            "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 100}],
        });
        api.post("/v1/orders", &order).await?.expect(201)?;
    }
    Ok(())
}

/// Waits until so many records are there, transaction markers not counted.
async fn arrived(env: &TestEnv, records: usize) -> Result<()> {
    let scene = Scene::existing(&env.config)?;
    wait_until("the events to be published", async || {
        let ends = kafka::watermarks(&env.config, topics::ORDER_EVENTS).await?;
        let offsets: i64 = ends.iter().map(|w| w.end).sum();
        // Markers take offsets too, so there are at least as many of these.
        if usize::try_from(offsets)? < records {
            return Ok(None);
        }
        Ok((scene.published().await?.len() >= records).then_some(()))
    })
    .await
}
