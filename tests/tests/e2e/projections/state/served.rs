//! What is published of orders that change, wait or are too large.

use super::{Busy, topic};
use crate::{
    projections::{
        orders::{noted, orders, placed},
        world::{PATIENCE, World, as_record},
    },
    whole_path::System,
};
use anyhow::{Context as _, Result, ensure};
use contracts::topics;
use infra::{clock, kafka};
use projections::engine::RawRecord;
use rdkafka::{
    admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier},
    client::DefaultClientContext,
};
use reqwest::Method;
use serde_json::json;
use tests::{TestEnv, wait_until};
use uuid::Uuid;

/// The whole path, over HTTP: the last record is the body of GET.
pub async fn the_last_record_is_what_get_answers(env: &TestEnv) -> Result<()> {
    let system = System::start(env).await?;
    let (commands, queries) = (&system.commands, &system.queries);
    let order = json!({
        "platform": "web", "currency": "GBP", "customer": {"name": "Ada Lovelace"},
        "lines": [{"sku": "A", "name": "Lamp", "quantity": 2, "unit_price": 1999}],
    });
    let placed = commands.post("/v1/orders", &order).await?.expect(201)?;
    let path = placed.header("location").to_owned();
    let note = json!({"text": "ring twice"});
    commands
        .post(&format!("{path}/notes"), &note)
        .await?
        .expect(200)?;
    let cancel = json!({"reason": "changed their mind"});
    let cancelled = commands.post(&format!("{path}/cancel"), &cancel).await?;
    ensure!(cancelled.expect(200)?.json["version"] == 3);

    let get = queries.request(Method::GET, &format!("{path}?min_version=3"));
    let read = get.header("Prefer", "wait=20, handling=strict");
    let read = read.send().await?.error_for_status()?.text().await?;
    let id: Uuid = placed.json["order_id"].as_str().context("no id")?.parse()?;
    let record = wait_until("the third version", async || {
        let last = topic::compacted(&topic::read(&env.config).await?)?.remove(&id);
        let third = last.filter(|record| record.version().is_ok_and(|v| v.1 == 3));
        Ok(third)
    })
    .await?;
    ensure!(
        record.document.as_deref() == Some(&read),
        "{record:?} / {read}"
    );
    let header = |name: &str| record.headers.get(name).map_or("", String::as_str);
    ensure!(read.contains("Ada Lovelace"), "it is readable");
    ensure!(header("ce_type") == "order" && header("ce_specversion") == "1.0");
    ensure!(header("ce_subject") == id.to_string() && header("ce_epoch") == "1");
    ensure!(header("content-type") == "application/json", "{record:?}");
    Ok(())
}

/// Orders that have changed many times before anybody publishes are published
/// once.
pub async fn many_changes_are_few_records(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    // A build would fold each order once; this one has none to fold.
    world.rebuild().await?;
    let mut busy = Busy::begin(&world, 20).await?;
    for _ in 0..30 {
        busy.change(&world).await?;
    }
    let projector = world.projector()?;
    world.settled().await?;
    topic::settled(&world.views).await?;
    let records = topic::check(&world.config, &world.views).await?;
    ensure!(records < 20 * 31 / 2, "{records} records of 620 events");
    projector.stop().await
}

/// An order whose next event is damaged is published as it is served; once it
/// was driven again, as it is then.
pub async fn a_parked_order_has_no_wrong_record(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    let projector = world.projector()?;
    let id = clock::new_id();
    world.happen(&[placed(id, 1)]).await?;
    world.settled().await?;
    world.append(&[noted(id, 2), noted(id, 3)]).await?;
    let mut records: Vec<RawRecord> = world.stream(id).await?[1..].iter().map(as_record).collect();
    records[0].value = Some(b"{}".to_vec());
    world.send_raw(records).await?;
    world.parks(1).await?;
    world.read_to_the_end().await?;
    topic::settled(&world.views).await?;
    topic::check(&world.config, &world.views).await?;
    let published = topic::compacted(&topic::read(&world.config).await?)?;
    ensure!(published[&id].version()? == (1, 1), "{published:?}");

    world.redrive().await?;
    world.settled().await?;
    topic::settled(&world.views).await?;
    topic::check(&world.config, &world.views).await?;
    let published = topic::compacted(&topic::read(&world.config).await?)?;
    ensure!(published[&id].version()? == (1, 3), "{published:?}");
    projector.stop().await
}

/// The topic takes less than a document has: the others are published, and it
/// is, once the topic takes it.
pub async fn a_document_that_is_too_large_keeps_no_other_waiting(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    // A batch of the others has less, this document more, also compressed.
    largest_record(&world, "20000").await?;
    let id = clock::new_id();
    let mut history = vec![placed(id, 1)];
    history.extend((2..6_000).map(|sequence| noted(id, sequence)));
    world.happen(&history).await?;
    world.happen(&orders(20)).await?;
    let projector = world.projector()?;
    let waiting = async || -> Result<Vec<(Uuid, Option<String>)>> {
        let waiting = sqlx::query_as("SELECT DISTINCT id, refused FROM projection_changes");
        Ok(waiting.fetch_all(&world.views).await?)
    };
    world.settled().await?;
    let alone = wait_until("nothing else to wait", async || {
        let waiting = waiting().await?;
        let refused = waiting.iter().all(|(_, reason)| reason.is_some());
        Ok((waiting.len() == 1 && refused).then_some(()))
    })
    .await;
    let waiting = waiting().await?;
    alone.with_context(|| format!("{waiting:?}"))?;
    ensure!(waiting[0].0 == id);
    let published = topic::compacted(&topic::read(&world.config).await?)?;
    ensure!(published.len() == 20 && !published.contains_key(&id));
    projector.stop().await?;

    largest_record(&world, "1000000").await?;
    let projector = world.projector()?;
    topic::settled(&world.views).await?;
    topic::check(&world.config, &world.views).await?;
    projector.stop().await
}

async fn largest_record(world: &World, bytes: &str) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = kafka::client_config(&world.config).create()?;
    let name = world.config.kafka_name(topics::ORDER_STATE);
    let config = AlterConfig::new(ResourceSpecifier::Topic(&name))
        .set("cleanup.policy", "compact")
        .set("max.message.bytes", bytes);
    let options = AdminOptions::new().request_timeout(Some(PATIENCE));
    for altered in admin.alter_configs(&[config], &options).await? {
        altered.map_err(|(resource, code)| anyhow::anyhow!("{resource:?}: {code}"))?;
    }
    // The broker is told of it a moment later.
    wait_until("broker to know the limit", async || {
        let topic = [ResourceSpecifier::Topic(&name)];
        let described = admin.describe_configs(&topic, &options).await?;
        let known = described.iter().flatten().any(|topic| {
            let limit = topic.get("max.message.bytes");
            limit.is_some_and(|limit| limit.value.as_deref() == Some(bytes))
        });
        Ok(known.then_some(()))
    })
    .await
}
