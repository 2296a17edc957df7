//! Kafka is away while events pile up: appends go on, the lag shows, the relay
//! catches up afterwards, and its memory does not grow with the pile.

use super::figure;
use crate::relay::scene::Scene;
use anyhow::{Context as _, Result, ensure};
use infra::local_servers::Server;
use serde_json::json;
use sqlx::PgPool;
use std::{env, time::Duration};
use tests::{Api, PrivateServers, TestEnv, wait_until, wait_until_within};

/// Events, unless `ORDERLOG_CHAOS_PILE` says otherwise.
const PILE: i64 = 60_000;
/// Events of one transaction.
const EACH: i64 = 20_000;
/// What the relay may take, in KiB: two batches and what librdkafka has in
/// flight; the pile itself is larger.
const MEMORY: u64 = 256 << 10;
const CATCH_UP: Duration = Duration::from_mins(5);

/// Copies of an order's events under new ids, as its commands would have
/// written them.
const COPIES: &str = "INSERT INTO events \
       (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
     SELECT e.aggregate_type, c.id, e.sequence, e.event_type, e.event_version, \
            replace(e.payload::text, e.aggregate_id, c.id)::json, e.metadata \
       FROM (SELECT gen_random_uuid()::text AS id FROM generate_series(1, $2 / 2)) c, events e \
      WHERE e.aggregate_id = $1 ORDER BY c.id, e.sequence";

async fn pile_up(log: &PgPool, order: &str, events: i64) -> Result<()> {
    for _ in 0..events / EACH {
        sqlx::query(COPIES)
            .bind(order)
            .bind(EACH)
            .execute(log)
            .await?;
    }
    Ok(())
}

pub async fn events_pile_up_while_kafka_is_away(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let pile = env::var("ORDERLOG_CHAOS_PILE").map_or(Ok(PILE), |n| n.parse())?;
    env.orderlog_ok(&["migrate"]).await?;
    let scene = Scene::existing(&env.config)?;
    let (mut api, mut relay) = (env.role("command-api").spawn()?, env.role("relay").spawn()?);
    api.ready().await?;
    relay.ready().await?;
    let client = Api::new(env, &api).await?;
    let order = json!({
        "platform": "web", "currency": "GBP",
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 1, "unit_price": 255}],
    });
    let placed = client.post("/v1/orders", &order).await?.expect(201)?;
    let id = placed.json["order_id"]
        .as_str()
        .context("an id")?
        .to_owned();
    let paid = format!("/v1/orders/{id}/payments");
    client
        .post(&paid, &json!({"amount": 255}))
        .await?
        .expect(200)?;

    servers.kill(Server::Kafka).await?;
    pile_up(&scene.log, &id, pile).await?;
    client.post("/v1/orders", &order).await?.expect(201)?;
    #[expect(clippy::cast_precision_loss, reason = "a count of events")]
    let expected = pile as f64;
    wait_until("the lag to show", async || {
        let lag = figure(&relay, "orderlog_relay_lag_events ").await?;
        Ok((lag >= expected).then_some(()))
    })
    .await?;
    servers.restart(Server::Kafka).await?;
    let mut most = 0;
    wait_until_within(CATCH_UP, "the relay to catch up", async || {
        most = most.max(relay.resident_kib()?);
        let lag = figure(&relay, "orderlog_relay_lag_events ").await?;
        let published = figure(&relay, "orderlog_relay_published_total ").await?;
        Ok((lag == 0.0 && published >= expected).then_some(()))
    })
    .await?;
    println!(
        "a pile of {pile} events: the relay took at most {} MiB",
        most >> 10
    );
    ensure!(most < MEMORY, "{most} KiB");
    scene.check_published_once().await?;
    Ok(())
}
