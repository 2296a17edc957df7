//! Servers that are away, and records that cannot be read.

use super::scene::Scene;
use anyhow::{Result, ensure};
use contracts::topics::ORDER_EVENTS;
use infra::{
    kafka::{client_config, watermarks},
    local_servers::Server,
    secret::Secret,
};
use rdkafka::{
    message::{Header, OwnedHeaders},
    producer::{FutureProducer, FutureRecord},
};
use serde_json::json;
use std::time::Duration;
use tests::{PrivateServers, TestEnv};

pub async fn nothing_starts_without_a_key(env: &TestEnv) -> Result<()> {
    let worker = env.role("worker").spawn()?;
    let log = worker.log_path();
    ensure!(!worker.ended().await?.success());
    let said = std::fs::read_to_string(log)?;
    ensure!(said.contains("ORDERLOG_API_KEY"), "{said}");
    Ok(())
}

pub async fn no_step_is_lost_to_a_wrong_key_or_url(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env, json!({"web": {"auto_confirm": true}})).await?;
    let order = scene.place("web").await?;
    let wrong_key = |c: &mut infra::config::Config| c.api_key = Secret::new("ol_wrong");
    let worker = scene.worker().config(wrong_key).spawn()?;
    scene.until_error("refuses the API key").await?;
    worker.terminate().await?;
    let nobody = |c: &mut infra::config::Config| c.command_url = "http://127.0.0.1:1".into();
    let worker = scene.worker().config(nobody).spawn()?;
    scene.until_error("refused").await?;
    worker.terminate().await?;
    let _worker = scene.worker().spawn()?;
    scene.until(order, "OrderConfirmed").await?;
    ensure!(scene.refusals().await?.is_empty());
    Ok(())
}

pub async fn a_record_that_cannot_be_read_is_named_and_ends_the_role(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env, json!({})).await?;
    let worker = scene.ready_worker().await?;
    let topic = scene.config().kafka_name(ORDER_EVENTS);
    let producer: FutureProducer = client_config(scene.config()).create()?;
    let headers = OwnedHeaders::new().insert(Header {
        key: "ce_specversion",
        value: Some("1.0"),
    });
    let record = FutureRecord::to(&topic).key("k").payload("{}").partition(3);
    let sent = producer.send(record.headers(headers), Duration::from_secs(30));
    sent.await.map_err(|(error, _)| error)?;
    let ends = watermarks(scene.config(), ORDER_EVENTS).await?;
    let place = format!("{topic}/3 offset {}", ends[3].end - 1);
    let log = worker.log_path();
    ensure!(!worker.ended().await?.success());
    let said = std::fs::read_to_string(log)?;
    ensure!(said.contains(&place), "{place} is not in {said}");
    Ok(())
}

/// A topic, or an ops database, that is not the one that the group's offsets
/// belong to: nothing is passed over in silence.
pub async fn missing_events_end_the_role(env: &TestEnv) -> Result<()> {
    let scene = Scene::start(env, json!({})).await?;
    let worker = scene.ready_worker().await?;
    let order = scene.place("web").await?;
    scene.until_known(order, 1).await?;
    worker.terminate().await?;
    let ops = infra::postgres::pool(&scene.config().ops_url, 1)?;
    sqlx::query("DELETE FROM process_orders")
        .execute(&ops)
        .await?;
    scene.command(order, "notes", json!({"text": "x"})).await?;
    let worker = scene.worker().spawn()?;
    let log = worker.log_path();
    ensure!(!worker.ended().await?.success());
    let said = std::fs::read_to_string(log)?;
    ensure!(said.contains("events are missing"), "{said}");
    Ok(())
}

pub async fn servers_that_go_away_are_waited_for(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let scene = Scene::start(env, json!({"web": {"auto_confirm": true}})).await?;
    let mut worker = scene.ready_worker().await?;
    let before = scene.place("web").await?;
    scene.until(before, "OrderConfirmed").await?;

    servers.kill(Server::Kafka).await?;
    let without_kafka = scene.place("web").await?;
    servers.restart(Server::Kafka).await?;
    scene.until(without_kafka, "OrderConfirmed").await?;

    // The shop's keys are in the ops database too: it orders before.
    servers.kill(Server::Kafka).await?;
    let without_ops = scene.place("web").await?;
    servers.kill(Server::Views).await?;
    servers.restart(Server::Kafka).await?;
    worker.log_line("process.queue_unavailable").await?;
    servers.restart(Server::Views).await?;
    scene.until(without_ops, "OrderConfirmed").await?;
    worker.ready().await?;
    for order in [before, without_kafka, without_ops] {
        let events = scene.until_idle(order).await?;
        ensure!(events == ["OrderPlaced", "OrderConfirmed"], "{events:?}");
    }
    ensure!(worker.terminate().await?.success());
    Ok(())
}
