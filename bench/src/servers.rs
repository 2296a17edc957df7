//! Servers of the bench's own.

use anyhow::Context as _;
use infra::{
    config::Config,
    local_servers::{KafkaExtras, LocalServers, Options, Server},
    platforms::UnknownPlatform,
    sealing::MasterKey,
};
use std::{fs, path::Path};

/// Running servers and where they are.
pub struct Servers {
    /// Configuration of a system on them.
    pub config: Config,
    servers: LocalServers,
}

impl Servers {
    /// Ends them.
    pub async fn stop(self) {
        self.servers.stop().await;
    }
}

/// Starts the servers in `folder`; the programs come from the checkout.
pub async fn start(folder: &Path, with_kafka: bool, with_redis: bool) -> anyhow::Result<Servers> {
    // The keys of personal data lie beside the views.
    let mut wanted = vec![Server::Events, Server::Views];
    if with_kafka {
        wanted.push(Server::Kafka);
    }
    if with_redis {
        wanted.push(Server::Redis);
    }
    let options = Options {
        dir: folder.to_owned(),
        cache: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.orderlog/servers"),
        servers: wanted,
        throwaway: true,
        kafka: KafkaExtras::default(),
    };
    let servers = LocalServers::start(options, &|_| {}).await?;
    let mut config = Config {
        unknown_platform: UnknownPlatform::Create,
        ..Config::default()
    };
    servers.configure(&mut config);
    let key = folder.join("master-key");
    fs::write(&key, MasterKey::random()?)?;
    let key = key.to_str().context("the folder is not UTF-8")?;
    key.clone_into(&mut config.master_key_file);
    Ok(Servers { config, servers })
}
