//! Making the views anew from the log.

use super::{
    orders::{cancelled, noted, orders, placed},
    world::{PATIENCE, World},
};
use anyhow::{Context as _, Result, ensure};
use contracts::{order::Fact, topics::ORDER_EVENTS};
use infra::{clock, config::Config, kafka};
use rdkafka::{
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use uuid::Uuid;

/// Events arrive all the time, the views are rebuilt under them, and a reader
/// looks on: no order is ever missing or goes back in version.
pub async fn a_rebuild_while_events_arrive(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.happen(&orders(300)).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.settled().await?;
    let done = AtomicBool::new(false);
    let arrive = async {
        while !done.load(Ordering::Relaxed) {
            let id = clock::new_id();
            let history = [placed(id, 3), noted(id, 2), cancelled(id, 3)];
            for event in history {
                world.happen(&[event]).await?;
            }
        }
        anyhow::Ok(())
    };
    let rebuild = async {
        for build in 2..5 {
            let report = world.rebuild().await?;
            ensure!(report.build == build, "{report:?}");
            world
                .until("offset of the new build", async || {
                    Ok(world.data_version().await? > (build, 0))
                })
                .await?;
        }
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let (arrived, built, read) = tokio::join!(arrive, rebuild, only_forward(&world, &done));
    arrived?;
    built?;
    ensure!(read? > 3, "nobody has read");
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

async fn only_forward(world: &World, done: &AtomicBool) -> Result<u32> {
    let (mut seen, mut reads) = (BTreeMap::<Uuid, i64>::new(), 0);
    while !done.load(Ordering::Relaxed) {
        let now = world.versions().await?;
        for (id, version) in &seen {
            let later = now.get(id).context("an order is gone")?;
            ensure!(
                later >= version,
                "order {id} went back from {version} to {later}"
            );
        }
        seen = now;
        reads += 1;
    }
    Ok(reads)
}

/// A rebuild of what projectors have made changes no row.
pub async fn a_rebuild_comes_to_the_same(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    world.happen(&orders(300)).await?;
    world.settled().await?;
    projector.stop().await?;
    let before = world.tables().await?;
    let report = world.rebuild().await?;
    ensure!(
        report.build == 2 && report.progress.aggregates == 300,
        "{report:?}"
    );
    ensure!(
        world.tables().await? == before,
        "the rebuild has made other rows"
    );
    // Rebuilt again, without anybody following and by any number of writers:
    // still the same.
    for workers in [1, 3, 12, 50] {
        world.rebuild_with(workers).await?;
        ensure!(
            world.tables().await? == before,
            "{workers} writers have made other rows"
        );
    }
    world.check().await
}

/// What is wrong with a stored build makes the projector rebuild by itself.
pub async fn an_unusable_build_is_rebuilt(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    world.happen(&orders(100)).await?;
    world.settled().await?;
    projector.stop().await?;
    for (damage, build) in [
        (
            "UPDATE projections SET version = 0 WHERE name = 'orders'",
            2,
        ),
        (
            "UPDATE projection_offsets SET next = 100000000 WHERE projection = 'orders'",
            3,
        ),
        (
            "DELETE FROM projection_offsets WHERE projection = 'orders' AND \"partition\" = 3",
            4,
        ),
        (
            "UPDATE projections SET topic_id = 'another' WHERE name = 'orders'",
            5,
        ),
        ("DELETE FROM projections WHERE name = 'orders'", 6),
    ] {
        sqlx::query("DELETE FROM orders WHERE units > 1")
            .execute(&world.views)
            .await?;
        sqlx::query(damage).execute(&world.views).await?;
        let projector = world.projector()?;
        projector.ready().await.context(damage)?;
        world.happen(&orders(5)).await?;
        world.settled().await.context(damage)?;
        world.check().await.context(damage)?;
        ensure!(world.data_version().await?.0 == build, "{damage}");
        projector.stop().await?;
    }
    Ok(())
}

/// A release that is older than the stored build waits instead of undoing it.
pub async fn an_older_release_does_not_undo_a_newer_one(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.happen(&orders(20)).await?;
    world.rebuild().await?;
    sqlx::query("UPDATE projections SET version = 99 WHERE name = 'orders'")
        .execute(&world.views)
        .await?;
    let projector = world.projector()?;
    let waiting = || format!("{:?}", projector.status.workers());
    world
        .until("word of the newer version", async || {
            Ok(waiting().contains("version 99"))
        })
        .await?;
    ensure!(world.data_version().await?.0 == 1, "it was rebuilt");
    // Somebody decides for the older one.
    world.rebuild().await?;
    projector.ready().await?;
    world.check().await?;
    projector.stop().await
}

/// The topic is deleted and made again while a projector follows it.
pub async fn a_recreated_topic_is_followed_from_its_start(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.happen(&orders(100)).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.settled().await?;
    recreate_topic(config).await?;
    world.forget_published().await;
    world
        .until("rebuild", async || Ok(world.data_version().await?.0 == 2))
        .await?;
    // The relay is told to begin again, and publishes everything once more.
    world.happen(&orders(100)).await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

async fn recreate_topic(config: &Config) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = kafka::client_config(config).create()?;
    let name = config.kafka_name(ORDER_EVENTS);
    let options = AdminOptions::new().operation_timeout(Some(PATIENCE));
    for deleted in admin.delete_topics(&[&name], &options).await? {
        deleted.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
    }
    while kafka::topic_id(config, ORDER_EVENTS).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    kafka::ensure_topics(config).await?;
    Ok(())
}

/// Whatever a build's rows are sent with, it is none of what they are: tabs, ends of
/// lines, quotes, and what stands for nothing.
pub async fn what_separates_rows_stays_text(config: &Config) -> Result<()> {
    const NUMBER: &str = "\\N\t\\.\r\n\"'{},";
    const TAGS: [&str; 3] = ["a \"b\" \\c", "NULL", "{x,y}\t"];
    let world = World::new(config).await?;
    let (odd, plain) = (clock::new_id(), clock::new_id());
    let mut event = placed(odd, 2);
    let Fact::OrderPlaced(fact) = &mut event.event.fact else {
        anyhow::bail!("it is placed otherwise");
    };
    NUMBER.clone_into(&mut fact.order.number);
    fact.order.tags = TAGS.map(str::to_owned).into();
    world
        .append(&[event, noted(odd, 2), placed(plain, 1)])
        .await?;
    world.rebuild().await?;
    let (number, tags): (String, Vec<String>) =
        sqlx::query_as("SELECT number, tags FROM orders WHERE id = $1")
            .bind(odd)
            .fetch_one(&world.views)
            .await?;
    ensure!(number == NUMBER && tags == TAGS, "{number:?} {tags:?}");
    ensure!(world.versions().await?.len() == 2, "an order is missing");
    world.check().await
}

/// Lists are planned with what is known of the new rows, from the first one on.
pub async fn a_build_is_analysed_before_it_is_served(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    world.append(&orders(60)).await?;
    world.rebuild().await?;
    let known: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT tablename::text FROM pg_stats WHERE schemaname = 'public' \
            AND tablename IN ('orders', 'order_lines', 'order_search') ORDER BY 1",
    )
    .fetch_all(&world.views)
    .await?;
    ensure!(
        known == ["order_lines", "order_search", "orders"],
        "{known:?}"
    );
    Ok(())
}
