//! A topic that lost its records, and records whose orders are lost.

use super::topic;
use crate::projections::{
    orders::orders,
    world::{PATIENCE, World},
};
use anyhow::{Result, ensure};
use contracts::topics::ORDER_STATE;
use infra::{clock, kafka};
use rdkafka::{
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
    producer::{BaseProducer, BaseRecord, Producer as _},
};
use tests::{TestEnv, wait_until};
use uuid::Uuid;

/// Deleted and made again under a running projector: every document is there
/// again, also of orders that do not change.
pub async fn a_recreated_topic_is_filled_again(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.happen(&orders(100)).await?;
    let projector = world.projector()?;
    world.settled().await?;
    topic::settled(&world.views).await?;
    topic::check(&world.config, &world.views).await?;

    let admin: AdminClient<DefaultClientContext> = kafka::client_config(&world.config).create()?;
    let name = world.config.kafka_name(ORDER_STATE);
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    for deleted in admin.delete_topics(&[&name], &options).await? {
        deleted.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
    }
    wait_until("the topic to be gone", async || {
        Ok(kafka::topic_id(&world.config, ORDER_STATE).await.err())
    })
    .await?;
    kafka::ensure_topics(&world.config).await?;
    let id = kafka::topic_id(&world.config, ORDER_STATE).await?;
    wait_until("the new topic to be filled", async || {
        let filled = "SELECT EXISTS (SELECT FROM projection_publications \
                       WHERE topic_id = $1 AND complete)";
        let filled: bool = sqlx::query_scalar(filled)
            .bind(id.to_string())
            .fetch_one(&world.views)
            .await?;
        Ok(filled.then_some(()))
    })
    .await?;
    topic::settled(&world.views).await?;
    let records = topic::check(&world.config, &world.views).await?;
    ensure!(records >= 100, "{records} records");
    projector.stop().await
}

/// After another epoch of the log has begun, what the topic holds and the
/// views do not is taken away, and nothing else is.
pub async fn an_order_that_is_gone_is_taken_away(env: &TestEnv) -> Result<()> {
    let world = World::new(&env.config).await?;
    world.happen(&orders(100)).await?;
    let projector = world.projector()?;
    world.settled().await?;
    topic::settled(&world.views).await?;
    projector.stop().await?;
    let lost = clock::new_id();
    publish(&world, lost).await?;
    // As published by a build of an epoch before.
    sqlx::query("UPDATE projection_publications SET epoch = 0, build = 0")
        .execute(&world.views)
        .await?;
    let projector = world.projector()?;
    topic::settled(&world.views).await?;
    topic::check(&world.config, &world.views).await?;
    let records = topic::read(&world.config).await?;
    let of_it: Vec<_> = records.iter().filter(|record| record.id == lost).collect();
    ensure!(of_it.len() == 2 && of_it[1].document.is_none(), "{of_it:?}");
    let gone = records.iter().filter(|record| record.document.is_none());
    ensure!(gone.count() == 1, "others were taken away");
    projector.stop().await
}

async fn publish(world: &World, id: Uuid) -> Result<()> {
    let producer: BaseProducer = kafka::client_config(&world.config)
        .set("partitioner", "murmur2_random")
        .create()?;
    let topic = world.config.kafka_name(ORDER_STATE);
    tokio::task::spawn_blocking(move || {
        let key = id.to_string();
        let headers = kafka::headers(&[("ce_epoch", "0".into()), ("ce_sequence", "1".into())]);
        let record = BaseRecord::to(&topic)
            .key(&key)
            .payload("{}")
            .headers(headers);
        producer.send(record).map_err(|(error, _)| error)?;
        producer.flush(PATIENCE)?;
        anyhow::Ok(())
    })
    .await?
}
