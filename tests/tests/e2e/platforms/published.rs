//! Reference data on Kafka.

use super::scene::Scene;
use crate::relay::scene::{announced_on, read_topic};
use anyhow::ensure;
use contracts::topics::{self, TopicSpec};
use serde_json::{Value, json};
use std::collections::HashMap;
use tests::{TestEnv, wait_until};

pub async fn each_kind_is_on_its_topic_once_and_in_order(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    let _relay = env.role("relay").spawn()?;
    let web = "/v1/platforms/web";
    scene.put(web, &json!({})).await?.expect(201)?;
    scene
        .patch(web, &json!({"active": false}))
        .await?
        .expect(200)?;
    scene.delete(web).await?.expect(200)?;
    for number in 0..20 {
        let body = json!({"title": format!("Lamp {number}")});
        scene
            .put(&format!("/v1/products/S{number}"), &body)
            .await?
            .expect(201)?;
    }
    let zone = json!({"name": "Everywhere", "rest_of_world": true});
    scene
        .put("/v1/shipping/zones/all", &zone)
        .await?
        .expect(201)?;
    let method = json!({"name": "Post", "zones": ["all"], "rates": [{"currency": "GBP", "charge": {"kind": "flat", "amount": 399}}]});
    scene
        .put("/v1/shipping/methods/post", &method)
        .await?
        .expect(201)?;
    for (topic, events) in [
        (topics::PLATFORMS, 3),
        (topics::CATALOG, 20),
        (topics::SHIPPING, 2),
    ] {
        let records = published(env, &topic, events).await?;
        let mut last = HashMap::new();
        for (subject, sequence, data) in &records {
            let before = last.insert(*subject, *sequence).unwrap_or(0);
            ensure!(
                before + 1 == *sequence,
                "{sequence} of {subject} after {before}"
            );
            ensure!(data["after"]["version"] == *sequence, "{data}");
        }
        if topic.name == topics::PLATFORM_EVENTS {
            let (.., data) = &records[1];
            ensure!(data["changed"] == json!(["active"]) && data["platform"]["slug"] == "web");
        }
    }
    Ok(())
}

/// So many records of a topic; whatever is there beyond is an error.
async fn published(
    env: &TestEnv,
    topic: &TopicSpec,
    events: usize,
) -> anyhow::Result<Vec<(uuid::Uuid, i64, Value)>> {
    let name = env.config.kafka_name(topic.name);
    let what = format!("{events} records on {name}");
    let records = wait_until(&what, async || {
        let records = read_topic(&env.config, &name).await?;
        Ok((records.len() >= events).then_some(records))
    })
    .await?;
    ensure!(
        records.len() == events,
        "{} records on {name}",
        records.len()
    );
    let read = records.into_iter().map(|record| {
        let data = serde_json::from_slice(&record.value)?;
        Ok((record.envelope.subject, record.envelope.sequence, data))
    });
    read.collect()
}

pub async fn an_epoch_is_announced_on_every_topic_of_events(env: &TestEnv) -> anyhow::Result<()> {
    let scene = Scene::start(env).await?;
    scene
        .put("/v1/platforms/web", &json!({}))
        .await?
        .expect(201)?;
    let mut relay = env.role("relay").spawn()?;
    relay.ready().await?;
    published(env, &topics::PLATFORMS, 1).await?;
    relay.kill9().await?;
    env.orderlog_ok(&["epoch", "bump", "--force", "--yes"])
        .await?;
    let _relay = env.role("relay").spawn()?;
    for topic in [&topics::ORDERS].into_iter().chain(topics::REFERENCE) {
        let name = env.config.kafka_name(topic.name);
        let partitions = usize::try_from(topic.partitions)?;
        let what = format!("the announcement on {name}");
        let announced = wait_until(&what, async || {
            let announced = announced_on(&env.config, &name).await?;
            Ok((announced.len() >= partitions).then_some(announced))
        })
        .await?;
        ensure!(announced.len() == partitions, "{name}: {}", announced.len());
        ensure!(announced.iter().all(|announced| announced.data.epoch == 2));
    }
    Ok(())
}
