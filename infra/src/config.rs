//! Configuration: defaults < file < environment (`ORDERLOG_…`) < flags.

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Everything that a role can be told. Flat, so that each key is also one
/// environment variable: `events_url` is `ORDERLOG_EVENTS_URL`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Postgres database of the log.
    pub events_url: String,
    /// Postgres database of the read models.
    pub views_url: String,
    /// Postgres database of keys and jobs.
    pub ops_url: String,
    /// Redis, `redis://host:port`.
    pub redis_url: String,
    /// Kafka, `host:port[,host:port]`.
    pub kafka_bootstrap_servers: String,
    /// Address that HTTP roles listen on.
    pub listen: String,
    /// Where clients reach the system, for links and problem types; made from
    /// `listen` when empty.
    pub public_url: String,
    /// Prefix of topics, consumer groups and transactional ids.
    pub kafka_prefix: String,
    /// Prefix of every Redis key.
    pub redis_prefix: String,
    /// Which code appends: ours or postgres-es.
    pub event_store: EventStoreKind,
    /// Connections to the log per process.
    pub events_pool_size: u32,
    /// Connections to the read models per process.
    pub views_pool_size: u32,
    /// Connections to the ops database per process.
    pub ops_pool_size: u32,
    /// Consumers per projector process.
    pub projector_workers: usize,
    /// Whether a command without an Idempotency-Key is refused (400).
    pub require_idempotency_key: bool,
    /// How long a draining role keeps answering, in seconds.
    pub drain_seconds: u64,
    /// Log filter, as `RUST_LOG`.
    pub log: String,
    /// Log lines as JSON instead of text.
    pub log_json: bool,
}

/// Which code appends events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventStoreKind {
    /// Our store: one INSERT per append.
    Grouped,
    /// `postgres-es` itself on the same table, as the oracle.
    Stock,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            events_url: "postgres://orderlog@127.0.0.1:5432/events".into(),
            views_url: "postgres://orderlog@127.0.0.1:5433/views".into(),
            ops_url: "postgres://orderlog@127.0.0.1:5433/ops".into(),
            redis_url: "redis://127.0.0.1:6379".into(),
            kafka_bootstrap_servers: "127.0.0.1:9092".into(),
            listen: "127.0.0.1:8080".into(),
            public_url: String::new(),
            kafka_prefix: String::new(),
            redis_prefix: "orderlog:".into(),
            event_store: EventStoreKind::Grouped,
            events_pool_size: 16,
            views_pool_size: 16,
            ops_pool_size: 4,
            projector_workers: 2,
            require_idempotency_key: false,
            drain_seconds: 2,
            log: "info,rdkafka=warn,sqlx=warn,actix_server=warn".into(),
            log_json: false,
        }
    }
}

impl Config {
    /// Reads the configuration; `file` is TOML with the same keys.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        Ok(Self::figment(file).extract().map_err(Box::new)?)
    }

    /// The layers, for tools that tell where a value came from.
    pub fn figment(file: Option<&Path>) -> Figment {
        let defaults = Figment::from(Serialized::defaults(Self::default()));
        let layered = match file {
            Some(path) => defaults.merge(Toml::file_exact(path)),
            None => defaults,
        };
        let known: Vec<String> = Self::keys();
        layered.merge(
            Env::prefixed("ORDERLOG_")
                .filter(move |key| known.iter().any(|k| k.eq_ignore_ascii_case(key.as_str()))),
        )
    }

    /// Names of all keys.
    pub fn keys() -> Vec<String> {
        match serde_json::to_value(Self::default()) {
            Ok(serde_json::Value::Object(map)) => map.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// Full name of a topic, consumer group or transactional id.
    pub fn kafka_name(&self, name: &str) -> String {
        format!("{}{name}", self.kafka_prefix)
    }

    /// Full name of a Redis key.
    pub fn redis_key(&self, key: &str) -> String {
        format!("{}{key}", self.redis_prefix)
    }
}

/// A value of the wrong type, an unreadable file, an unknown key.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot be read: {0}")]
pub struct ConfigError(#[from] Box<figment::Error>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_reads_back_from_its_defaults() {
        let config = Config::load(None).expect("defaults are valid");
        assert_eq!(config.kafka_name("orders"), "orders");
        assert!(Config::keys().contains(&"events_url".to_owned()));
    }
}
