//! The disk of the log is lost; there is a base backup, and an archive that ends
//! before the last orders.

use super::{
    cluster::Archived,
    system::{System, api_key, confirming, orderlog, orderlog_ok, said},
};
use anyhow::{Context as _, Result, ensure};
use infra::{config::Config, local_servers::Server};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use std::collections::BTreeSet;
use tests::{PrivateServers, TestEnv, wait_until};

/// A moment between two orders.
const MOMENT: &str = "a-moment";

pub async fn a_backup_of_the_log_becomes_a_new_cluster_and_everything_follows(
    env: &TestEnv,
    servers: &PrivateServers,
) -> Result<()> {
    let config = confirming(&env.config)?;
    let archived = Archived::begin(&config.events_url, servers).await?;
    orderlog_ok(&config, &["migrate"]).await?;
    let key = api_key(&config).await?;
    let system = System::start(env, &config, &key).await?;

    let in_the_copy = system.place("B-1").await?;
    system.until_confirmed(&in_the_copy).await?;
    let copy = archived.base_backup().await?;
    let in_the_archive = system.place("B-2").await?;
    system.until_confirmed(&in_the_archive).await?;
    archived.name_moment(MOMENT).await?;
    let kept = digest(&config, i64::MAX).await?;
    let lost = system.place("B-3").await?;
    system.until_confirmed(&lost).await?;
    let cancelled = system.cancel(&in_the_copy).await?;
    ensure!(system.read(&cancelled).await?["status"] == "cancelled");
    orderlog_ok(&config, &["verify", "--wait", "60s"]).await?;
    archived.is_archived().await?;
    ensure!(digest(&config, kept.last).await? == kept);

    system.kill().await?;
    servers.kill(Server::Events).await?;
    let cluster = archived.restored_to(&copy, MOMENT).await?;
    let config = Config {
        events_url: cluster.at(&config.events_url)?,
        ..config
    };
    ensure!(digest(&config, i64::MAX).await? == kept, "it is the log");
    let refused = orderlog(&config, &["epoch", "show"]).await?;
    let why = said(&refused);
    ensure!(
        !refused.status.success() && why.contains("orderlog epoch bump"),
        "{why}"
    );
    orderlog_ok(&config, &["migrate"]).await?;
    let bump = ["epoch", "bump", "--yes", "--reason", "the disk is lost"];
    let bumped = orderlog_ok(&config, &bump).await?;
    ensure!(bumped.contains("Epoch 2 has begun"), "{bumped}");

    let system = System::start(env, &config, &key).await?;
    system.until_confirmed(&in_the_copy).await?;
    system.until_confirmed(&in_the_archive).await?;
    let gone = format!("/v1/orders/{}", lost.id);
    wait_until("the lost order to be gone", async || {
        let read = system.queries.get(&gone).await?;
        Ok((read.status == 404).then_some(()))
    })
    .await?;
    // Nobody remembers it: it is placed as if for the first time.
    let placed = system.place("B-3").await?;
    ensure!(system.read(&placed).await?["external_id"] == "B-3");
    system.until_confirmed(&placed).await?;
    orderlog_ok(&config, &["verify", "--wait", "60s"]).await?;
    same_orders(&system, &config).await?;
    system.kill().await?;
    cluster.stop().await
}

/// What the log has up to a position: the check of docs/OPERATIONS.md.
#[derive(Debug, PartialEq)]
struct Digest {
    events: i64,
    last: i64,
    sum: String,
}

async fn digest(config: &Config, up_to: i64) -> Result<Digest> {
    let mut log = PgConnection::connect(&config.events_url).await?;
    let (events, last, sum) = sqlx::query_as(
        "SELECT count(*), max(position), sum(hashtextextended(e::text, 0))::text \
           FROM events e WHERE position <= $1",
    )
    .bind(up_to)
    .fetch_one(&mut log)
    .await?;
    log.close().await?;
    Ok(Digest { events, last, sum })
}

/// Readers see the orders of the log and no others.
async fn same_orders(system: &System, config: &Config) -> Result<()> {
    let list = system.get("/v1/orders?limit=100").await?;
    let orders = list["data"].as_array().context("a list")?;
    let id = |order: &Value| order["id"].as_str().map(str::to_owned);
    let read: BTreeSet<String> = orders.iter().filter_map(id).collect();
    let mut log = PgConnection::connect(&config.events_url).await?;
    let stored = "SELECT DISTINCT aggregate_id FROM events WHERE aggregate_type = 'order'";
    let stored: Vec<String> = sqlx::query_scalar(stored).fetch_all(&mut log).await?;
    ensure!(stored.len() == 3, "{stored:?}");
    ensure!(read == stored.into_iter().collect(), "{read:?}");
    Ok(())
}
