//! Data outlives a stop, a crash and a change of ports.

use super::start;
use anyhow::{Context as _, ensure};
use infra::{config::Config, kafka::client_config, local_servers::Server};
use rdkafka::{
    Message as _, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    consumer::{Consumer as _, StreamConsumer},
    producer::{FutureProducer, FutureRecord},
};
use redis::AsyncCommands as _;
use sqlx::{Connection as _, PgConnection, Row as _};
use std::time::Duration;
use tests::{DEADLINE, PrivateServers, TestEnv};

const TOPIC: &str = "kept";

pub async fn data_is_found_again() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut before = Config::default();
    let (servers, _) = start(dir.path(), &Server::ALL).await?;
    servers.configure(&mut before);
    write(&before).await?;
    servers.stop().await;
    drop(servers);

    let mut after = Config::default();
    let (servers, _) = start(dir.path(), &Server::ALL).await?;
    servers.configure(&mut after);
    let found = read(&after).await;
    servers.stop().await;
    found
}

pub async fn a_killed_server_comes_back(
    env: &TestEnv,
    servers: &PrivateServers,
) -> anyhow::Result<()> {
    write(&env.config).await?;
    for server in Server::ALL {
        servers.kill(server).await?;
    }
    for server in Server::ALL {
        servers.restart(server).await?;
    }
    read(&env.config).await?;
    let death = tokio::time::timeout(Duration::ZERO, servers.exited()).await;
    ensure!(death.is_err(), "a kill that was asked for is no failure");
    Ok(())
}

/// A row, a key and a record.
async fn write(config: &Config) -> anyhow::Result<()> {
    for url in [&config.events_url, &config.views_url] {
        let mut postgres = PgConnection::connect(&on_postgres(url)?).await?;
        sqlx::query("CREATE TABLE kept AS SELECT 'row' AS what")
            .execute(&mut postgres)
            .await?;
        postgres.close().await?;
    }
    let () = redis(config).await?.set("kept", "key").await?;
    produce(config).await
}

async fn read(config: &Config) -> anyhow::Result<()> {
    for url in [&config.events_url, &config.views_url] {
        let mut postgres = PgConnection::connect(&on_postgres(url)?).await?;
        let row = sqlx::query("SELECT what FROM kept")
            .fetch_one(&mut postgres)
            .await?;
        ensure!(row.try_get::<String, _>("what")? == "row");
        postgres.close().await?;
    }
    let kept: String = redis(config).await?.get("kept").await?;
    ensure!(kept == "key");
    ensure!(consume(config).await? == b"record");
    Ok(())
}

/// The database that every cluster has.
fn on_postgres(url: &str) -> anyhow::Result<String> {
    let (server, _) = url.rsplit_once('/').context("a URL without a database")?;
    Ok(format!("{server}/postgres"))
}

async fn redis(config: &Config) -> anyhow::Result<redis::aio::MultiplexedConnection> {
    let client = redis::Client::open(config.redis_url.as_str())?;
    Ok(client.get_multiplexed_async_connection().await?)
}

async fn produce(config: &Config) -> anyhow::Result<()> {
    let admin: AdminClient<DefaultClientContext> = client_config(config).create()?;
    let topic = NewTopic::new(TOPIC, 1, TopicReplication::Fixed(1));
    for made in admin.create_topics([&topic], &AdminOptions::new()).await? {
        made.map_err(|(topic, error)| anyhow::anyhow!("{topic}: {error}"))?;
    }
    let producer: FutureProducer = client_config(config).create()?;
    let record = FutureRecord::<(), _>::to(TOPIC).payload("record");
    producer
        .send(record, DEADLINE)
        .await
        .map_err(|(error, _)| error)?;
    Ok(())
}

async fn consume(config: &Config) -> anyhow::Result<Vec<u8>> {
    let consumer: StreamConsumer = client_config(config)
        .set("group.id", "kept")
        .set("enable.auto.commit", "false")
        .create()?;
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(TOPIC, 0, Offset::Beginning)?;
    consumer.assign(&partitions)?;
    let message = tokio::time::timeout(DEADLINE, consumer.recv()).await??;
    Ok(message.payload().unwrap_or_default().to_vec())
}
