//! Whatever is killed, every event reaches every healthy endpoint.

use super::{
    receiver::{OK, Received, Receiver, Reply, first_time},
    scene::Shop,
};
use anyhow::{Context as _, Result, ensure};
use infra::local_servers::Server;
use rand::Rng as _;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tests::{PrivateServers, TestEnv, wait_until_within};

const ORDERS: usize = 150;
/// Blows while they are placed.
const BLOWS: usize = 4;

/// A receiver in a bad state: some requests fail, in all ways there are.
fn moody(_: &Received) -> Reply {
    match rand::rng().random_range(0..30) {
        0 => Reply::Status(503, "retry-after: 1\r\n", "busy"),
        1 => Reply::Status(429, "retry-after: 1\r\n", ""),
        2 => Reply::Status(307, "location: http://127.0.0.1:1/\r\n", ""),
        3 => Reply::Reset,
        4 => Reply::After(Duration::from_millis(300), 200),
        _ => OK,
    }
}

pub async fn nothing_is_lost_whatever_is_killed(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let mut shop = Shop::open(env).await?;
    let [healthy, other, hangs] = [
        Receiver::start(first_time(moody)).await?,
        Receiver::start(first_time(moody)).await?,
        Receiver::start(|_| Reply::Never).await?,
    ];
    let unordered = shop.endpoint(&healthy, json!({})).await?;
    let ordered = shop
        .endpoint(&other, json!({"ordered": true, "concurrency": 16}))
        .await?;
    shop.endpoint(&hangs, json!({})).await?;
    let mut placed = BTreeSet::new();
    for blow in 0..BLOWS {
        for _ in 0..ORDERS / BLOWS {
            let order = shop.scene.place("web").await?;
            shop.scene
                .command(order, "notes", json!({"text": "x"}))
                .await?;
            placed.insert(order.to_string());
        }
        let worker = shop.scene.worker().spawn()?;
        std::mem::replace(&mut shop.worker, worker).kill9().await?;
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
    for (made, receiver) in [(&unordered, &healthy), (&ordered, &other)] {
        wait_until_within(
            Duration::from_mins(5),
            "every event to be told",
            async || {
                let ids: BTreeSet<String> = receiver
                    .received()
                    .iter()
                    .map(|one| one.id().to_owned())
                    .collect();
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
            },
        )
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
        twice += receiver.received().len() - told.len();
    }
    // In order, but for what was sent again.
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for one in other.received() {
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
    eprintln!(
        "{all} events to each of two endpoints, {BLOWS} workers killed: 0 lost, {twice} sent again"
    );
    Ok(())
}
