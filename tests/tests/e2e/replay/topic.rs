//! A topic of its own.

use super::scene::{Scene, has_written};
use crate::relay::scene::{Record, Scene as Relay, read_topic};
use anyhow::{Context as _, Result, ensure};
use contracts::{CloudEvent, topics};
use infra::kafka::client_config;
use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};
use tests::{TestEnv, wait_until};

/// What there is in a record that the relay decides about.
type Sent = (i32, Vec<u8>, Vec<u8>, CloudEvent);

fn sent(records: Vec<Record>) -> Vec<Sent> {
    let sent = |r: Record| (r.partition, r.key, r.value, r.envelope);
    records.into_iter().map(sent).collect()
}

/// The records of each partition, in their order.
fn by_partition(records: Vec<Record>) -> HashMap<i32, Vec<Sent>> {
    let mut partitions: HashMap<i32, Vec<Sent>> = HashMap::new();
    for record in sent(records) {
        partitions.entry(record.0).or_default().push(record);
    }
    partitions
}

pub async fn records_are_those_of_the_relay_at_the_chosen_rate(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    scene.fill("web", 40, 10).await?;
    let _relay = env.role("relay").spawn()?;
    let relay = Relay::existing(&env.config)?;
    let published = wait_until("the relay to publish everything", async || {
        let published = relay.published().await?;
        Ok((published.len() == 400).then_some(published))
    })
    .await?;
    let topic = env.config.kafka_name("copy");
    let began = Instant::now();
    let printed = env
        .orderlog_ok(&["replay", "--to-topic", &topic, "--rate", "400"])
        .await?;
    let took = began.elapsed();
    ensure!(
        took >= Duration::from_millis(990),
        "{took:?} for 400 at 400/s"
    );
    let trailer: Value = serde_json::from_str(&printed)?;
    ensure!(trailer["trailer"]["count"] == 400, "{trailer}");
    let copied = read_topic(&env.config, &topic).await?;
    ensure!(by_partition(copied) == by_partition(published));

    // Once more, and only some.
    let some = ["replay", "--to-topic", &topic, "--type", "order.placed"];
    env.orderlog_ok(&some).await?;
    ensure!(read_topic(&env.config, &topic).await?.len() == 440);
    Ok(())
}

/// Each record at least once, those of an order in their order.
pub async fn a_killed_run_goes_on_without_a_gap(env: &TestEnv) -> Result<()> {
    let scene = Scene::new(env).await?;
    scene.fill("web", 60, 100).await?;
    let topic = env.config.kafka_name("copy");
    let (out, resume) = (scene.path("out"), scene.path("position"));
    let resume_text = resume.to_str().context("not UTF-8")?;
    let args = ["--to-topic", &topic, "--resume", resume_text];
    let slowly = [&args[..], &["--rate", "2000"]].concat();
    let mut child = scene.begin(&slowly, &out)?;
    has_written(&resume, 1_000).await?;
    child.kill().await?;
    let before = read_topic(&env.config, &topic).await?.len();
    ensure!(before < 6_000, "it was killed in the middle");

    let rest = scene.replay(&args).await?;
    ensure!(rest.events.is_empty() && rest.trailer["count"] == 6_000);
    let mut seen = HashSet::new();
    let mut last: HashMap<_, i64> = HashMap::new();
    for record in read_topic(&env.config, &topic).await? {
        let CloudEvent {
            id,
            subject,
            sequence,
            ..
        } = record.envelope;
        // A repetition goes back, a gap would go ahead.
        let last = last.entry(subject).or_default();
        ensure!(
            sequence <= *last + 1,
            "{sequence} of {subject} after {last}"
        );
        *last = sequence;
        seen.insert(id);
    }
    ensure!(seen.len() == 6_000, "{} of 6,000", seen.len());
    ensure!(last.values().all(|last| *last == 100));
    Ok(())
}

pub async fn a_topic_of_another_shape_is_refused(env: &TestEnv) -> Result<()> {
    Scene::new(env).await?;
    let topic = env.config.kafka_name("narrow");
    let admin: AdminClient<DefaultClientContext> = client_config(&env.config).create()?;
    let narrow = NewTopic::new(&topic, 3, TopicReplication::Fixed(1));
    admin.create_topics([&narrow], &AdminOptions::new()).await?;
    let refused = env.orderlog(&["replay", "--to-topic", &topic]).await?;
    let said = String::from_utf8_lossy(&refused.stderr);
    ensure!(refused.status.code() == Some(1), "{}", refused.status);
    ensure!(said.contains("partitions 3, and 12"), "{said}");

    for own in topics::ALL {
        for name in [own.name.to_owned(), env.config.kafka_name(own.name)] {
            let refused = env.orderlog(&["replay", "--to-topic", &name]).await?;
            let said = String::from_utf8_lossy(&refused.stderr);
            ensure!(refused.status.code() == Some(2), "{}", refused.status);
            ensure!(said.contains("a topic of Orderlog itself"), "{said}");
        }
    }
    Ok(())
}
