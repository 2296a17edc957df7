//! Whatever is killed, every event reaches every healthy endpoint.

use super::{
    receiver::{OK, Received, Receiver, Reply, first_time},
    scene::Shop,
};
use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use infra::{local_servers::Server, redis::Redis};
use rand::Rng as _;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tests::{PrivateServers, TestEnv, wait_until_within};

/// Orders of two events each, unless `ORDERLOG_WEBHOOK_STORM` says otherwise.
const ORDERS: usize = 150;
/// Blows while they are placed.
const BLOWS: usize = 4;
/// Orders that are placed at once.
const AT_ONCE: usize = 10;

/// A receiver in a bad state: some requests fail, in all ways there are. Those that
/// ask to be left alone are few, as the whole endpoint rests then.
fn moody(_: &Received) -> Reply {
    match rand::rng().random_range(0..300) {
        0 => Reply::Status(503, "retry-after: 1\r\n", "busy"),
        1 => Reply::Status(429, "retry-after: 1\r\n", ""),
        2..10 => Reply::Status(307, "location: http://127.0.0.1:1/\r\n", ""),
        10..18 => Reply::Reset,
        18..26 => Reply::Status(500, "", "broken"),
        26 => Reply::Never,
        27..40 => Reply::After(Duration::from_millis(300), 200),
        _ => OK,
    }
}

pub async fn nothing_is_lost_whatever_is_killed(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let orders: usize = match std::env::var("ORDERLOG_WEBHOOK_STORM") {
        Ok(orders) => orders.parse()?,
        Err(_) => ORDERS,
    };
    let mut shop = Shop::open(env).await?;
    let [healthy, other, hangs, gone, refuses] = [
        Receiver::start(first_time(moody)).await?,
        Receiver::start(first_time(moody)).await?,
        Receiver::start(|_| Reply::Never).await?,
        Receiver::start(|_| Reply::Status(410, "", "")).await?,
        Receiver::start(|_| Reply::Status(503, "", "")).await?,
    ];
    let unordered = shop.endpoint(&healthy, json!({})).await?;
    let ordered = shop
        .endpoint(&other, json!({"ordered": true, "concurrency": 16}))
        .await?;
    for receiver in [&hangs, &gone, &refuses] {
        shop.endpoint(receiver, json!({})).await?;
    }
    let mut placed = BTreeSet::new();
    for blow in 0..BLOWS {
        while placed.len() < (blow + 1) * orders / BLOWS {
            let some = (0..AT_ONCE).map(|_| async {
                let order = shop.scene.place("web").await?;
                let note = json!({"text": "x"});
                shop.scene.command(order, "notes", note).await?;
                anyhow::Ok(order.to_string())
            });
            placed.extend(try_join_all(some).await?);
        }
        let worker = shop.scene.worker().spawn()?;
        std::mem::replace(&mut shop.worker, worker).kill9().await?;
        if blow == 0 {
            let redis = Redis::new(&env.config)?;
            redis.command::<()>(&redis::cmd("FLUSHALL")).await?;
        }
        if blow == 1 {
            servers.kill(Server::Redis).await?;
            servers.restart(Server::Redis).await?;
        }
        if blow == 2 {
            servers.kill(Server::Views).await?;
            servers.restart(Server::Views).await?;
            shop.worker.ready().await?;
        }
    }
    let all = 2 * placed.len();
    // Far more than it takes.
    let patience = Duration::from_mins(5) + Duration::from_millis(100) * u32::try_from(all)?;
    for (made, receiver) in [(&unordered, &healthy), (&ordered, &other)] {
        wait_until_within(patience, "every event to be told", async || {
            let received = receiver.received();
            let ids: BTreeSet<&str> = received.iter().map(Received::id).collect();
            if ids.len() < all {
                return Ok(None);
            }
            let path = format!(
                "/v1/webhooks/deliveries?endpoint={}&state=pending&limit=1",
                made.id
            );
            // The server of the ledger may just come back.
            let Ok(pending) = shop.read(&path).await else {
                return Ok(None);
            };
            let none = pending["data"].as_array().is_some_and(Vec::is_empty);
            Ok((none && ids.len() == all).then_some(()))
        })
        .await?;
    }
    let mut twice = 0;
    for receiver in [&healthy, &other] {
        let mut told: BTreeMap<String, (String, i64)> = BTreeMap::new();
        for one in receiver.received() {
            let order = one.json["data"]["order_id"].as_str().context("no order")?;
            let version = one.json["data"]["order_version"]
                .as_i64()
                .context("no version")?;
            ensure!(placed.contains(order), "an order that was never placed");
            let known = told.insert(one.id().to_owned(), (order.to_owned(), version));
            // The same id is the same message.
            ensure!(known.is_none_or(|known| known == (order.to_owned(), version)));
        }
        // And another message is another event.
        let events: BTreeSet<_> = told.values().collect();
        ensure!(events.len() == all, "{} of {all} events", events.len());
        twice += receiver.received().len() - told.len();
    }
    ensure_in_order(&other)?;
    // Each worker may have had requests under way that no one wrote down.
    let told = gone.received().len();
    ensure!(told <= (BLOWS + 1) * 8, "{told} requests after 410");
    eprintln!(
        "{all} events to each of two endpoints that fail now and then, beside one that hangs \
         ({} requests), one that is gone ({told}) and one that refuses ({}); {BLOWS} workers, \
         Redis and PostgreSQL killed, Redis flushed: 0 lost, {twice} sent again",
        hangs.received().len(),
        refuses.received().len(),
    );
    Ok(())
}

/// In order, but for what was sent again.
fn ensure_in_order(receiver: &Receiver) -> Result<()> {
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for one in receiver.received() {
        if !seen.insert(one.id().to_owned()) {
            continue;
        }
        let order = one.json["data"]["order_id"].to_string();
        let version = one.json["data"]["order_version"]
            .as_i64()
            .context("no version")?;
        let before = last.insert(order, version).unwrap_or_default();
        ensure!(version == before + 1, "{version} after {before}");
    }
    Ok(())
}
