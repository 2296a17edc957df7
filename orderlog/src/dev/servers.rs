//! Which servers `dev` has to run: those that the environment does not name.

use super::steps::Steps;
use infra::{
    config::Config,
    local_servers::{KafkaExtras, LocalServers, LocalServersError, Options, Server},
};
use std::{env, path::Path};

/// Whether the environment names a server.
fn given(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Where only one of two databases of a local cluster is named, the other's
/// address must not replace it.
pub fn keep_given(given_config: &Config, config: &mut Config) {
    if given("ORDERLOG_VIEWS_URL") {
        config.views_url.clone_from(&given_config.views_url);
    }
    if given("ORDERLOG_OPS_URL") {
        config.ops_url.clone_from(&given_config.ops_url);
    }
}

/// Starts the servers that no `ORDERLOG_…` variable replaces.
pub async fn start(dir: &Path, steps: &Steps) -> Result<LocalServers, LocalServersError> {
    let servers = Server::ALL.into_iter().filter(|server| match server {
        Server::Events => !given("ORDERLOG_EVENTS_URL"),
        // One cluster holds both databases.
        Server::Views => !(given("ORDERLOG_VIEWS_URL") && given("ORDERLOG_OPS_URL")),
        Server::Standby => false,
        Server::Redis => !given("ORDERLOG_REDIS_URL"),
        Server::Kafka => !given("ORDERLOG_KAFKA_BOOTSTRAP_SERVERS"),
    });
    let options = Options {
        dir: dir.to_owned(),
        cache: dir.join("servers"),
        servers: servers.collect(),
        throwaway: false,
        kafka: KafkaExtras::default(),
    };
    LocalServers::start(options, &|step| steps.server(step)).await
}
