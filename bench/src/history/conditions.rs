//! With what a run was made: versions, settings, machine.

use super::machine;
use anyhow::Context as _;
use infra::{config::Config, kafka::client_config, postgres, redis::Redis};
use rdkafka::{
    admin::{AdminClient, AdminOptions, ResourceSpecifier},
    client::DefaultClientContext,
};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    process::Command,
};

/// Names and what they are.
type Named = BTreeMap<String, String>;

/// What decides how fast PostgreSQL is.
const POSTGRES: [&str; 8] = [
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
    "max_wal_size",
    "max_connections",
    "jit",
];
const REDIS: [&str; 3] = ["appendonly", "appendfsync", "maxmemory"];
const KAFKA: [&str; 3] = [
    "log.flush.interval.messages",
    "num.network.threads",
    "num.io.threads",
];
/// Of ours.
const ORDERLOG: [&str; 3] = [
    "events_pool_size",
    "projector_workers",
    "aggregate_cache_bytes",
];
/// The only broker of the local servers.
const BROKER: i32 = 1;
/// What local servers are made of.
const SERVERS: &str = include_str!("../../../infra/src/local_servers/pom.xml");
/// What a run itself changes in the checkout.
const WRITTEN: [&str; 3] = [
    ":!bench/history",
    ":!docs/performance",
    ":!docs/PERFORMANCE.md",
];

/// Versions, settings, machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// Of Orderlog (its commit), of the servers, of the compiler.
    pub versions: Named,
    /// Of the servers, and of Orderlog where they are not a role's address.
    pub settings: Named,
    /// What it ran on.
    pub machine: Named,
}

impl Conditions {
    /// Asks the servers, the kernel and git. `folder` is where the servers have
    /// their data.
    pub async fn now(
        config: &Config,
        folder: &Path,
        with_kafka: bool,
        with_redis: bool,
    ) -> anyhow::Result<Self> {
        let (mut versions, mut settings) = (Named::new(), Named::new());
        versions.insert("orderlog".to_owned(), commit());
        if let Some(version) = told("rustc", &["--version"]) {
            let number = version.split(' ').nth(1).unwrap_or(&version);
            versions.insert("rustc".to_owned(), number.to_owned());
        }
        of_postgres(config, &mut versions, &mut settings).await?;
        if with_redis {
            of_redis(config, &mut versions, &mut settings).await?;
        }
        if with_kafka {
            versions.insert("kafka".to_owned(), kafka_version()?);
            of_kafka(config, &mut settings).await?;
        }
        let all = serde_json::to_value(config)?;
        for name in ORDERLOG {
            settings.insert(format!("orderlog.{name}"), all[name].to_string());
        }
        Ok(Self {
            versions,
            settings,
            machine: machine::told(folder)?,
        })
    }

    /// Of Orderlog.
    pub fn commit(&self) -> String {
        let commit = self.versions.get("orderlog").cloned();
        commit.unwrap_or_else(|| "unknown".to_owned())
    }
}

/// The commit that is checked out, with `-changed` where there is more than
/// that; `unknown` where there is no git.
fn commit() -> String {
    let Some(commit) = told("git", &["rev-parse", "--short=12", "HEAD"]) else {
        return "unknown".to_owned();
    };
    let mut status = vec!["status", "--porcelain", "--", "."];
    status.extend(WRITTEN);
    match told("git", &status) {
        None => commit,
        Some(_) => format!("{commit}-changed"),
    }
}

/// The only line that a program prints in the checkout, or the first; none where
/// it cannot be run, fails or prints nothing.
fn told(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let output = command
        .args(arguments)
        .current_dir(::tests::root())
        .output();
    let output = output.ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

async fn of_postgres(
    config: &Config,
    versions: &mut Named,
    settings: &mut Named,
) -> anyhow::Result<()> {
    // The rows have yet to make their databases.
    postgres::create_database_if_missing(&config.events_url).await?;
    let pool = postgres::pool(&config.events_url, 1)?;
    let version: String = sqlx::query_scalar("SELECT current_setting('server_version')")
        .fetch_one(&pool)
        .await?;
    versions.insert("postgresql".to_owned(), version);
    let names = POSTGRES.map(str::to_owned).to_vec();
    let rows = sqlx::query(
        "SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY($1)",
    )
    .bind(names)
    .fetch_all(&pool)
    .await?;
    for row in rows {
        let (name, value): (String, String) = (row.try_get("name")?, row.try_get("value")?);
        settings.insert(format!("postgresql.{name}"), value);
    }
    Ok(())
}

async fn of_redis(
    config: &Config,
    versions: &mut Named,
    settings: &mut Named,
) -> anyhow::Result<()> {
    let redis = Redis::new(config)?;
    let mut command = redis::cmd("INFO");
    let told: String = redis.command(command.arg("server")).await?;
    let version = told.lines().find_map(|l| l.strip_prefix("redis_version:"));
    let version = version.context("Redis does not say its version")?;
    versions.insert("redis".to_owned(), version.trim().to_owned());
    for name in REDIS {
        let mut command = redis::cmd("CONFIG");
        command.arg("GET").arg(name);
        let told: HashMap<String, String> = redis.command(&command).await?;
        let named = told.into_iter();
        settings.extend(named.map(|(name, value)| (format!("redis.{name}"), value)));
    }
    Ok(())
}

async fn of_kafka(config: &Config, settings: &mut Named) -> anyhow::Result<()> {
    let admin: AdminClient<DefaultClientContext> = client_config(config).create()?;
    let broker = [ResourceSpecifier::Broker(BROKER)];
    let told = admin
        .describe_configs(&broker, &AdminOptions::new())
        .await?;
    for resource in told {
        let resource = resource.map_err(|code| anyhow::anyhow!("Kafka says {code}"))?;
        for name in KAFKA {
            let value = resource.get(name).and_then(|entry| entry.value.clone());
            settings.insert(format!("kafka.{name}"), value.unwrap_or_default());
        }
    }
    Ok(())
}

/// Kafka does not say which it is: what is fetched does.
fn kafka_version() -> anyhow::Result<String> {
    let (_, rest) = SERVERS
        .split_once("<artifactId>kafka_2.13</artifactId>")
        .context("Kafka is among the servers")?;
    let version = rest
        .split_once("<version>")
        .and_then(|(_, rest)| rest.split_once('<'));
    Ok(version.context("a version")?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_kafka_is_that_of_what_is_fetched() -> anyhow::Result<()> {
        let version = kafka_version()?;
        let numbers: Vec<_> = version.split('.').map(str::parse::<u32>).collect();
        assert!(
            numbers.len() == 3 && numbers.iter().all(Result::is_ok),
            "{version}"
        );
        Ok(())
    }
}
