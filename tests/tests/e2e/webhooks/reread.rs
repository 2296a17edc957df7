//! The topic is read once more from its beginning, as the runbook says.

use super::{
    receiver::{OK, Receiver},
    scene::Shop,
};
use crate::process::scene::counted;
use anyhow::{Result, bail, ensure};
use futures_util::future::try_join_all;
use infra::{config::Config, kafka::client_config, postgres::pool};
use rdkafka::{
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
    types::RDKafkaErrorCode,
};
use serde_json::json;
use std::collections::BTreeSet;
use tests::{Role, TestEnv, wait_until};
use uuid::Uuid;

const ORDERS: usize = 10;
/// Each is placed and has a note.
const EVENTS: usize = 2 * ORDERS;
/// What happens after that: an order while nobody reads, then a note to it and one to
/// an order that is known.
const MORE: usize = 3;
/// Who writes deliveries, without the deployment's prefix.
const GROUP: &str = "orderlog.process-managers";

/// Who was told is not told again, whoever came later is not told of the past, and what
/// happens from then on is told to all.
pub async fn a_topic_that_is_read_again_tells_nobody_twice(env: &TestEnv) -> Result<()> {
    let mut shop = Shop::open(env).await?;
    let [usual, in_order, late] = [
        Receiver::start(|_| OK).await?,
        Receiver::start(|_| OK).await?,
        Receiver::start(|_| OK).await?,
    ];
    let first = shop.endpoint(&usual, json!({})).await?.id;
    let ordered = json!({"ordered": true});
    let second = shop.endpoint(&in_order, ordered).await?.id;
    let orders = told_of(&shop, &[first, second]).await?;
    let third = shop.endpoint(&late, json!({})).await?.id;
    shop.worker.terminate().await?;
    forget_offsets(&env.config).await?;
    let missed = shop.scene.place("web").await?;
    shop.worker = shop.scene.ready_worker().await?;
    until_seen(&shop.worker, "known", EVENTS).await?;
    note(&shop, missed).await?;
    note(&shop, orders[0]).await?;
    told_once(&shop, first, &usual, EVENTS + MORE).await?;
    told_once(&shop, second, &in_order, EVENTS + MORE).await?;
    told_once(&shop, third, &late, MORE).await
}

/// What was known of orders is lost as well, so every event is a new one; the deliveries
/// that there are say who was told of it.
pub async fn events_that_are_new_once_more_are_told_to_nobody_twice(env: &TestEnv) -> Result<()> {
    let mut shop = Shop::open(env).await?;
    let receiver = Receiver::start(|_| OK).await?;
    let endpoint = shop.endpoint(&receiver, json!({})).await?.id;
    let orders = told_of(&shop, &[endpoint]).await?;
    shop.worker.terminate().await?;
    forget_offsets(&env.config).await?;
    let ops = pool(&env.config.ops_url, 1)?;
    sqlx::query("DELETE FROM process_orders")
        .execute(&ops)
        .await?;
    let missed = shop.scene.place("web").await?;
    shop.worker = shop.scene.ready_worker().await?;
    until_seen(&shop.worker, "new", EVENTS + 1).await?;
    note(&shop, missed).await?;
    note(&shop, orders[0]).await?;
    told_once(&shop, endpoint, &receiver, EVENTS + MORE).await
}

/// Orders that the endpoints were told of.
async fn told_of(shop: &Shop<'_>, endpoints: &[Uuid]) -> Result<Vec<Uuid>> {
    let orders = (0..ORDERS).map(|_| async {
        let order = shop.scene.place("web").await?;
        note(shop, order).await?;
        anyhow::Ok(order)
    });
    let orders = try_join_all(orders).await?;
    for &endpoint in endpoints {
        shop.until_deliveries(endpoint, "delivered", EVENTS).await?;
    }
    Ok(orders)
}

async fn note(shop: &Shop<'_>, order: Uuid) -> Result<()> {
    let note = json!({"text": "x"});
    shop.scene.command(order, "notes", note).await?;
    Ok(())
}

/// Deletes the group that nobody is in any more: who joins it next begins at the
/// beginning.
async fn forget_offsets(config: &Config) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = client_config(config).create()?;
    let group = config.kafka_name(GROUP);
    wait_until("the group to be deleted", async || {
        let groups = [group.as_str()];
        let deleted = admin.delete_groups(&groups, &AdminOptions::new()).await?;
        match deleted.into_iter().next() {
            Some(Ok(_)) => Ok(Some(())),
            // Kafka has yet to see that the worker left it.
            Some(Err((_, RDKafkaErrorCode::NonEmptyGroup))) => Ok(None),
            other => bail!("the group is not deleted: {other:?}"),
        }
    })
    .await
}

/// Waits until a worker has seen so many events that had this effect.
async fn until_seen(worker: &Role, effect: &str, events: usize) -> Result<()> {
    let name = format!("orderlog_process_events_total{{effect=\"{effect}\"}}");
    let wanted = u64::try_from(events)?;
    wait_until(&format!("{wanted} events that are {effect}"), async || {
        Ok((counted(worker, &name).await? >= wanted).then_some(()))
    })
    .await
}

/// An endpoint was told of so many events, in one delivery and one request each.
async fn told_once(
    shop: &Shop<'_>,
    endpoint: Uuid,
    receiver: &Receiver,
    events: usize,
) -> Result<()> {
    shop.until_deliveries(endpoint, "delivered", events).await?;
    let ops = pool(&shop.scene.config().ops_url, 1)?;
    let rows: i64 =
        sqlx::query_scalar("SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = $1")
            .bind(endpoint)
            .fetch_one(&ops)
            .await?;
    ensure!(
        usize::try_from(rows)? == events,
        "{rows} deliveries of {events} events"
    );
    let requests = receiver.received();
    let told = requests.iter().map(|one| {
        let data = &one.json["data"];
        (
            data["order_id"].to_string(),
            data["order_version"].to_string(),
        )
    });
    let told: BTreeSet<_> = told.collect();
    ensure!(
        requests.len() == events && told.len() == events,
        "{} requests, of {} of {events} events",
        requests.len(),
        told.len()
    );
    Ok(())
}
