//! Driving again what is marked.

use super::{begun, empty, event, parked_orders};
use crate::projections::{
    following::known_to,
    orders::{cancelled, noted, order, orders},
    world::{World, as_record},
};
use anyhow::{Context as _, Result, ensure};
use contracts::topics;
use infra::{
    config::Config,
    redis::{Redis, Version},
    views::{ORDERS, parked},
};
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// An order that is parked after its first event, because the record of the
/// second one is damaged; one more waits.
async fn parked_order(world: &World) -> Result<Uuid> {
    let id = begun(world).await?;
    world.append(&[noted(id, 2), cancelled(id, 3)]).await?;
    let damaged = empty(&event(world, id, 2).await?);
    let waits = as_record(&event(world, id, 3).await?);
    world.send_raw(vec![damaged, waits]).await?;
    Ok(id)
}

/// The log itself is damaged: a drive in vain keeps the order with the reason
/// of that, and its row; once the log is mended it comes to what the log says.
pub async fn what_is_still_wrong_stays_with_the_new_reason(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    let id = parked_order(&world).await?;
    let before = world.parks(1).await?.remove(0);
    world.read_to_the_end().await?;
    let sound = event(&world, id, 2).await?.data;
    set_payload(&world, id, "{\"no\":1}").await?;

    world.redrive().await?;
    let after = world.parked().await?.remove(0);
    ensure!(
        after.attempts == 1 && after.attempted_at.is_some(),
        "{after:?}"
    );
    ensure!(after.redrive_requested_at.is_none(), "{after:?}");
    ensure!(after.reason != before.reason, "{after:?}");
    ensure!(after.waiting == 2 && world.versions().await?[&id] == 1);

    set_payload(&world, id, str::from_utf8(&sound)?).await?;
    world.redrive().await?;
    world.settled().await?;
    world.check().await?;
    // What comes next is applied as of any order.
    world.append(&[noted(id, 4)]).await?;
    world.send(vec![event(&world, id, 4).await?]).await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// Changes the second event of an order in the log.
async fn set_payload(world: &World, id: Uuid, payload: &str) -> Result<()> {
    let sql = "UPDATE events SET payload = $2::json WHERE aggregate_id = $1 AND sequence = 2";
    let changed = sqlx::query(sql).bind(id.to_string()).bind(payload);
    let changed = changed.execute(&world.log).await?;
    ensure!(changed.rows_affected() == 1);
    Ok(())
}

/// Nobody says that there is a mark: it is found all the same.
pub async fn a_mark_is_found_without_a_word(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    parked_order(&world).await?;
    world.parks(1).await?;
    sqlx::query(
        "INSERT INTO redrives (projection, id, \"partition\") \
         SELECT projection, id, \"partition\" FROM parked_orders",
    )
    .execute(&world.views)
    .await?;
    world.parks(0).await?;
    world.check().await?;
    projector.stop().await
}

/// Orders that are not parked, and not what the log says of them: lines and
/// history that nobody has written, others that are missing. Each comes to
/// what the log says, in the same version, and whoever has the old document is
/// told that it is another one.
pub async fn an_order_that_differs_is_folded_anew(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.happen(&orders(30)).await?;
    world.settled().await?;
    world.check().await?;
    let ids: Vec<Uuid> = world.versions().await?.into_keys().take(4).collect();
    for spoil in [
        "UPDATE orders SET document = jsonb_set(document::jsonb, '{number}', '\"other\"')::text \
          WHERE id = ANY($1)",
        "DELETE FROM order_lines WHERE order_id = ANY($1)",
        "INSERT INTO order_events (order_id, version, entry) SELECT id, 99, '{}' FROM orders \
          WHERE id = ANY($1)",
    ] {
        let spoiled = sqlx::query(spoil).bind(&ids).execute(&world.views).await?;
        ensure!(spoiled.rows_affected() > 0, "{spoil}");
    }
    ensure!(world.check().await.is_err());
    let version = world.data_version().await?;
    parked::request_refold(&world.views, ORDERS, &topics::ORDERS, &ids).await?;
    world.driven().await?;
    world.check().await?;
    let revisions: Vec<i32> = sqlx::query_scalar("SELECT revision FROM orders WHERE id = ANY($1)")
        .bind(&ids)
        .fetch_all(&world.views)
        .await?;
    ensure!(revisions == [1, 1, 1, 1], "{revisions:?}");
    ensure!(
        world.data_version().await? > version,
        "what is cached of the sums is not outdated"
    );
    projector.stop().await
}

/// An order is folded anew in the version that it has, another one was parked:
/// the cache is told both, with the revision.
pub async fn the_cache_is_told_what_is_folded_anew(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    let redis = Redis::new(&Config {
        redis_timeout_ms: 5_000,
        ..config.clone()
    })?;
    let (spoiled, parked) = (begun(&world).await?, parked_order(&world).await?);
    world.parks(1).await?;
    world.read_to_the_end().await?;
    // What no sum counts: what it was spoiled to is taken back from them.
    sqlx::query(
        "UPDATE orders SET document = jsonb_set(document::jsonb, '{number}', '\"other\"')::text \
          WHERE id = $1",
    )
    .bind(spoiled)
    .execute(&world.views)
    .await?;
    parked::request_refold(&world.views, ORDERS, &topics::ORDERS, &[spoiled, parked]).await?;
    let version = |build, number| Some(Version { build, number });
    // It is remembered for as long as it matters.
    world
        .until("word in the cache", async || {
            Ok(known_to(&redis, spoiled).await? == version(1, 1)
                && known_to(&redis, parked).await? == version(3, 0))
        })
        .await?;
    world.check().await?;
    projector.stop().await
}

/// What the log does not know is taken away, and what it knows is there again,
/// whatever was deleted of it.
pub async fn an_order_becomes_what_the_log_knows_of_it(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    world.happen(&orders(6)).await?;
    world.settled().await?;
    let ids: Vec<Uuid> = world.versions().await?.into_keys().collect();
    let nobodys = infra::clock::new_id();
    sqlx::query(
        "INSERT INTO orders SELECT (o).* FROM ( \
             SELECT jsonb_populate_record(o, jsonb_build_object('id', $2::uuid, 'external_id', NULL)) o \
               FROM orders o WHERE id = $1) x",
    )
    .bind(ids[0])
    .bind(nobodys)
    .execute(&world.views)
    .await?;
    sqlx::query("INSERT INTO order_events VALUES ($1, 7, '{}')")
        .bind(nobodys)
        .execute(&world.views)
        .await?;
    for table in [
        "DELETE FROM orders WHERE id = $1",
        "DELETE FROM order_events WHERE order_id = $1",
    ] {
        sqlx::query(table)
            .bind(ids[1])
            .execute(&world.views)
            .await?;
    }
    parked::request_refold(&world.views, ORDERS, &topics::ORDERS, &[nobodys, ids[1]]).await?;
    world.driven().await?;
    ensure!(world.parked().await?.is_empty());
    ensure!(world.versions().await?.into_keys().eq(ids), "other orders");
    projector.stop().await
}

/// More than one round of orders is driven while other events arrive.
pub async fn many_are_driven_while_events_arrive(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    parked_orders(&world, 50).await?;
    world.parks(50).await?;
    let done = AtomicBool::new(false);
    let arrive = async {
        for n in 0.. {
            if done.load(Ordering::Relaxed) {
                break;
            }
            world.happen(&order(n)).await?;
        }
        anyhow::Ok(())
    };
    let drive = async {
        world.redrive().await?;
        done.store(true, Ordering::Relaxed);
        anyhow::Ok(())
    };
    let (arrived, driven) = tokio::join!(arrive, drive);
    arrived?;
    driven?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}

/// Connections are cut again and again while orders are parked and driven:
/// nothing is counted twice, and nothing is lost.
pub async fn lost_connections_drive_nothing_twice(config: &Config) -> Result<()> {
    let world = World::new(config).await?;
    let projector = world.projector()?;
    projector.ready().await?;
    let views = config.views_url.rsplit('/').next().context("no database")?;
    let other = infra::postgres::pool(&config.views_url.replace(views, "postgres"), 1)?;
    for _ in 0..15 {
        parked_order(&world).await?;
        parked::request_redrive(&world.views, ORDERS, None).await?;
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
              WHERE datname = $1 AND query ~ 'redrives|parked_|projection_offsets'",
        )
        .bind(views)
        .fetch_all(&other)
        .await?;
    }
    world.read_to_the_end().await?;
    world.redrive().await?;
    world.settled().await?;
    world.check().await?;
    projector.stop().await
}
