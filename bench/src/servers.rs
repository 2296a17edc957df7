//! Servers of the bench's own.

use infra::{
    config::Config,
    local_servers::{LocalServers, Options, Server},
    sealing::MasterKey,
    secret::Secret,
};
use std::path::Path;

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
pub async fn start(folder: &Path) -> anyhow::Result<Servers> {
    let options = Options {
        dir: folder.to_owned(),
        cache: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.orderlog/servers"),
        // The keys of personal data lie beside the views.
        servers: vec![Server::Events, Server::Views],
        throwaway: true,
    };
    let servers = LocalServers::start(options, &|_| {}).await?;
    let mut config = Config::default();
    servers.configure(&mut config);
    config.master_key = Secret::new(MasterKey::random()?);
    Ok(Servers { config, servers })
}
