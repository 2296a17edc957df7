//! A leader that is killed, or stopped and goes on later, as a process.

use super::scene::Scene;
use anyhow::{Result, ensure};
use contracts::topics;
use infra::kafka;
use rustix::process::Signal;
use serde_json::json;
use std::time::{Duration, Instant};
use tests::{Api, Role, TestEnv, wait_until};

const LEADS: &str = "relay.leads";
const EACH: usize = 20;

/// Within seconds, on a busy machine.
const SECONDS: Duration = Duration::from_secs(20);

/// Two relays, the first of which leads, and the command API.
struct Two {
    _commands: Role,
    api: Api,
    first: Role,
    second: Role,
}

impl Two {
    async fn new(env: &TestEnv) -> Result<Self> {
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
        Ok(Self {
            _commands: commands,
            api,
            first,
            second,
        })
    }
}

/// Waits until the second relay leads, which is to be soon.
async fn leads(second: &mut Role) -> Result<()> {
    let began = Instant::now();
    second.log_line(LEADS).await?;
    let took = began.elapsed();
    ensure!(took < SECONDS, "it took {} s", took.as_secs());
    Ok(())
}

/// The lock of a killed leader is free at once, and what it had under way is
/// taken back.
pub async fn a_killed_leader_is_followed(env: &TestEnv) -> Result<()> {
    let mut two = Two::new(env).await?;
    place(&two.api).await?;
    two.first.kill9().await?;
    place(&two.api).await?;
    leads(&mut two.second).await?;
    arrived(env, 3 * EACH).await?;
    let scene = Scene::existing(&env.config)?;
    ensure!(scene.check_published_once().await? == 3 * EACH);
    Ok(())
}

/// The lock of a frozen leader goes to the second relay, which fences it: when
/// it goes on in the middle of what it was doing, it publishes nothing more.
pub async fn a_frozen_leader_is_overtaken(env: &TestEnv) -> Result<()> {
    let mut two = Two::new(env).await?;
    place(&two.api).await?;
    two.first.signal(Signal::STOP)?;
    place(&two.api).await?;
    leads(&mut two.second).await?;
    arrived(env, 3 * EACH).await?;

    two.first.signal(Signal::CONT)?;
    place(&two.api).await?;
    arrived(env, 4 * EACH).await?;
    let scene = Scene::existing(&env.config)?;
    ensure!(scene.check_published_once().await? == 4 * EACH);
    let log = two.first.log();
    ensure!(log.matches(LEADS).count() == 1, "{log}");
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
