//! The servers of the file: what it tells them is told to those that run here, as
//! far as it can be told to a running one.

use super::file::{Compose, Service};
use anyhow::{Context as _, Result, ensure};
use infra::{
    config::Config,
    kafka::client_config,
    postgres::{create_database_if_missing, pool},
    redis::Redis,
};
use rdkafka::{
    admin::{AdminClient, AdminOptions, ResourceSpecifier},
    client::DefaultClientContext,
};
use std::collections::{BTreeMap, BTreeSet};

/// Tells all of them; where each is, by `name:port` of the file.
pub async fn told(compose: &Compose, config: &Config) -> Result<BTreeMap<String, String>> {
    let mut places = BTreeMap::new();
    for (name, url) in [
        ("events-db", &config.events_url),
        ("views-db", &config.views_url),
    ] {
        let (credentials, place) = url.split_once('@').context("no user")?;
        let (place, _) = place.split_once('/').context("no database")?;
        postgres(compose.service(name)?, &format!("{credentials}@{place}")).await?;
        places.insert(format!("{name}:5432"), place.to_owned());
    }
    redis(compose.service("redis")?, config).await?;
    let place = config.redis_url.trim_start_matches("redis://");
    places.insert("redis:6379".to_owned(), place.to_owned());
    kafka(compose.service("kafka")?, config).await?;
    let place = config.kafka_bootstrap_servers.clone();
    places.insert("kafka:9092".to_owned(), place);
    Ok(places)
}

/// Makes its database, and sets what it is started with. What takes a restart, such
/// as the size of its buffers, is only known to be a setting then.
async fn postgres(service: &Service, server: &str) -> Result<()> {
    let variable = |name: &str| {
        let value = service.environment.get(name).cloned().flatten();
        value.with_context(|| format!("{name} is not set"))
    };
    let user = format!("postgres://{}@", variable("POSTGRES_USER")?);
    ensure!(server.starts_with(&user), "the user here is another one");
    let url = format!("{server}/{}", variable("POSTGRES_DB")?);
    create_database_if_missing(&url).await?;
    let database = pool(&url, 1)?;
    let (program, settings) = service.command.split_first().context("no command")?;
    ensure!(program == "postgres" && !settings.is_empty());
    for setting in settings {
        let setting = setting.strip_prefix("-c").context("no setting")?;
        let (name, value) = setting.split_once('=').context("no value")?;
        let set = format!("ALTER SYSTEM SET {name} = '{value}'");
        let set = sqlx::query(&set).execute(&database).await;
        set.with_context(|| format!("{name}={value}"))?;
    }
    sqlx::query("SELECT pg_reload_conf()")
        .execute(&database)
        .await?;
    database.close().await;
    Ok(())
}

async fn redis(service: &Service, config: &Config) -> Result<()> {
    let redis = Redis::new(config)?;
    let (program, settings) = service.command.split_first().context("no command")?;
    ensure!(program == "redis-server");
    for setting in settings.chunks(2) {
        let [name, value] = setting else {
            anyhow::bail!("{setting:?} has no value");
        };
        let name = name.strip_prefix("--").context("no setting")?;
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg(name).arg(value);
        let set = redis.command::<()>(&set).await;
        set.with_context(|| format!("{name} {value}"))?;
    }
    Ok(())
}

/// A broker takes most settings as it starts alone: that each one is a setting is
/// asked of it.
async fn kafka(service: &Service, config: &Config) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = client_config(config).create()?;
    let broker = [ResourceSpecifier::Broker(1)];
    let described = admin
        .describe_configs(&broker, &AdminOptions::new())
        .await?;
    let mut known = BTreeSet::new();
    for resource in described {
        let resource = resource.map_err(|code| anyhow::anyhow!("{code}"))?;
        known.extend(resource.entries.into_iter().map(|entry| entry.name));
    }
    for name in service.environment.keys() {
        // This one is for the JVM.
        if name == "KAFKA_HEAP_OPTS" {
            continue;
        }
        let setting = name.strip_prefix("KAFKA_").context("no setting")?;
        let setting = setting.to_lowercase().replace('_', ".");
        ensure!(known.contains(&setting), "{name} is no setting of Kafka");
    }
    Ok(())
}
