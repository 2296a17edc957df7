//! Configuration: defaults < file < environment (`ORDERLOG_…`) < flags.

mod api_key;
mod environment;
mod kafka;
mod origin;
mod urls;

pub use api_key::ApiKeyError;
use environment::{Environment, Files};
pub use kafka::{KafkaSaslMechanism, KafkaSecurityProtocol};
pub use origin::{Origin, Setting};
pub use urls::Urls;

use crate::{
    platforms::{PlatformSettings, Platforms, Slugs, UnknownPlatform},
    postgres::{Database, leads_to_pooler},
    secret::Secret,
};
use contracts::topics::order_events_of;
use figment::{
    Figment,
    providers::{Format, Serialized, Toml},
    value::Value,
};
use serde::{Deserialize, Serialize, de::Error as _};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Kafka's own limit.
const LONGEST_TOPIC_NAME: usize = 249;

/// Everything that a role can be told. Flat, so that each key is also one
/// environment variable: `events_url` is `ORDERLOG_EVENTS_URL`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting by itself, and an environment variable"
)]
pub struct Config {
    /// Postgres database of the log.
    pub events_url: String,
    /// Postgres database of the read models.
    pub views_url: String,
    /// Read replicas of the read models, which lists and statistics are read
    /// from, in turn; the read models themselves where there are none. In the
    /// environment separated by commas.
    pub views_read_urls: Urls,
    /// How many seconds a replica may be behind the read models and still be
    /// read from.
    pub views_read_lag_seconds: u64,
    /// Postgres database of keys and jobs.
    pub ops_url: String,
    /// The same three databases for what needs a session of its own (migrations,
    /// locks, LISTEN, rebuilds, verification), where the URLs above lead to a
    /// pooler in transaction mode and say so (`?pooler=transaction`). Empty: the
    /// URLs above.
    pub events_session_url: String,
    /// See `events_session_url`.
    pub views_session_url: String,
    /// See `events_session_url`.
    pub ops_session_url: String,
    /// Redis, `redis://host:port`.
    pub redis_url: String,
    /// Kafka, `host:port[,host:port]`.
    pub kafka_bootstrap_servers: String,
    /// How its servers are spoken to.
    pub kafka_security_protocol: KafkaSecurityProtocol,
    /// How a user of Kafka proves to be one.
    pub kafka_sasl_mechanism: KafkaSaslMechanism,
    /// Who that is.
    pub kafka_sasl_username: String,
    /// The password. Never written or shown.
    pub kafka_sasl_password: Secret,
    /// File of the certificate authorities (PEM) that Redis and Kafka are to be
    /// certified by, and APIs of ours may be; empty: those of the machine.
    pub tls_ca_file: String,
    /// File of the certificate (PEM, with those that lead to its authority) that the
    /// HTTP role shows; empty: it speaks plain HTTP. Renewed when the file is.
    pub tls_certificate_file: String,
    /// File of its private key (PEM).
    pub tls_key_file: String,
    /// Address that HTTP roles listen on.
    pub listen: String,
    /// Connections of clients that a process serves at once, as far as the files
    /// allow that it may have open (two each); more wait until one of them ends.
    pub http_connections: usize,
    /// How long a connection may wait for its next request, in seconds: longer
    /// than a proxy in front lets it, so that it is the proxy that closes it.
    pub http_keep_alive_seconds: u64,
    /// Where clients reach the system, for links and problem types; made from
    /// `listen` when empty.
    pub public_url: String,
    /// Prefix of topics, consumer groups and transactional ids.
    pub kafka_prefix: String,
    /// Platforms whose orders' events the relay also publishes to a topic of the
    /// platform's own, by their slugs. In the environment separated by commas.
    pub kafka_platform_topics: Slugs,
    /// Prefix of every Redis key.
    pub redis_prefix: String,
    /// How long Redis may take for one command, in milliseconds: PostgreSQL
    /// answers sooner than a Redis that needs longer.
    pub redis_timeout_ms: u64,
    /// Bytes of the orders that are asked for most that a read API keeps in memory,
    /// about; 0 keeps none. Redis says when they change.
    pub near_cache_bytes: usize,
    /// Which code appends: ours or postgres-es.
    pub event_store: EventStoreKind,
    /// Bytes of recent aggregates that a command API keeps in memory, about;
    /// 0 keeps none.
    pub aggregate_cache_bytes: usize,
    /// Connections to the log per process.
    pub events_pool_size: u32,
    /// Connections to the read models per process, and to each replica.
    pub views_pool_size: u32,
    /// How long a query waits for one of them, in milliseconds.
    pub views_acquire_timeout_ms: u64,
    /// How long one statement of a query may take, in milliseconds.
    pub views_statement_timeout_ms: u64,
    /// Connections to the ops database per process.
    pub ops_pool_size: u32,
    /// Exports that a process streams at once, each on a connection of its
    /// own; more are answered 503.
    pub exports_at_once: usize,
    /// How long a client of an export may take nothing, in seconds, before the
    /// export is cut off.
    pub export_stall_seconds: u64,
    /// How long an export that is streamed may take as a whole, in seconds.
    pub export_seconds: u64,
    /// How long the file of an export in the background may take, in seconds; 23
    /// hours at most.
    pub export_file_seconds: u64,
    /// For how many days the file of an export in the background is kept.
    pub export_days: u64,
    /// How long a link to such a file may be used, in seconds.
    pub export_link_seconds: u64,
    /// Folder of the logos and fonts that sellers of saved platforms name; empty: none.
    pub document_files: String,
    /// How long a new build of the views that is complete waits for exports of
    /// the old one, in seconds, before it cuts them off.
    pub export_yield_seconds: u64,
    /// How much of the orders, in percent, a new build of the views may park that
    /// the served one does not, before somebody has to accept it.
    pub rebuild_parked_percent: u8,
    /// Reads per process that may wait for the read models at the same time;
    /// more are answered at once, as if their time were over.
    pub read_waits: usize,
    /// How often the read models are asked for those who wait, in milliseconds,
    /// while no projector says that they have moved: behind a pooler that
    /// passes no notifications on, this is what a read waits.
    pub read_waits_poll_ms: u64,
    /// Consumers per projector process.
    pub projector_workers: usize,
    /// The key that wraps the keys of personal data: base64 of 32 bytes. Never
    /// written or shown.
    pub master_key: Secret,
    /// A file that holds it instead.
    pub master_key_file: String,
    /// Where an identity provider publishes the keys of its tokens (RFC 7517); empty:
    /// only API keys are taken.
    pub jwt_jwks_url: String,
    /// Who has to have issued a token: its `iss`.
    pub jwt_issuer: String,
    /// Whom a token has to be for: its `aud`.
    pub jwt_audience: String,
    /// By how many seconds clocks may differ.
    pub jwt_leeway_seconds: u64,
    /// The claim that names the only platform that a token is for.
    pub jwt_platform_claim: String,
    /// Requests per second of one key that each process takes, and twice as many at
    /// once; 0: any number.
    pub rate_limit_key: u32,
    /// The same of one address.
    pub rate_limit_address: u32,
    /// Networks of proxies that say whom they speak for (`X-Forwarded-For`), as
    /// `10.1.0.0/16`. In the environment separated by commas.
    pub trusted_proxies: Urls,
    /// Whether a command without an Idempotency-Key is refused (400).
    pub require_idempotency_key: bool,
    /// How long a draining role keeps answering, in seconds.
    pub drain_seconds: u64,
    /// From how many milliseconds on a statement of PostgreSQL is logged and
    /// counted as a slow one; 0: never.
    pub slow_statement_ms: u64,
    /// Log filter, as `RUST_LOG`.
    pub log: String,
    /// Log lines as JSON instead of text.
    pub log_json: bool,
    /// Where traces are sent to by OTLP over HTTP, as `http://otel-collector:4318`;
    /// empty: nowhere, and none are made.
    pub otlp_endpoint: String,
    /// Headers that go with them, `NAME=VALUE` separated by commas: the key of a
    /// vendor, as a rule. Never written or shown.
    pub otlp_headers: Secret,
    /// The share of requests that are traced of those whose caller says nothing
    /// about it, 0 to 1.
    pub traces_ratio: f64,
    /// Where the worker and the console issue their commands: the command API, or the
    /// front.
    pub command_url: String,
    /// Where they ask their questions: the read API, or the front. Empty: where they
    /// issue their commands.
    pub read_url: String,
    /// File of the key that seals sessions of the console: base64 of 32 bytes. Empty:
    /// each process makes its own, and sessions end with it.
    pub console_key_file: PathBuf,
    /// API key of the worker, and of tools that call the API. Not both this
    /// and `api_key_file`.
    pub api_key: Secret,
    /// File that holds the API key; empty: none.
    pub api_key_file: PathBuf,
    /// Whether process managers treat imported orders like others.
    pub process_imports: bool,
    /// How long a job is its worker's, in seconds, when that is not heard of
    /// any more.
    pub jobs_lease_seconds: u64,
    /// How long jobs of a worker that is told to end may go on, in seconds;
    /// then others take them.
    pub jobs_drain_seconds: u64,
    /// Networks that webhooks may be sent to although they are not public, as
    /// `10.1.0.0/16`. In the environment separated by commas.
    pub webhook_networks: Urls,
    /// For how many days messages to webhook endpoints are kept, with their
    /// deliveries.
    pub webhook_days: u64,
    /// Where large objects are kept, uploads and what is made to be downloaded:
    /// `file:///FOLDER`, or `s3://BUCKET/PREFIX` for an S3-compatible store.
    /// Empty: nowhere, and what needs them is refused.
    pub objects_url: String,
    /// URL of the S3-compatible store; empty: that of AWS.
    pub objects_s3_endpoint: String,
    /// Its region; empty: that of the environment (`AWS_REGION`).
    pub objects_s3_region: String,
    /// Its access key; empty: the credentials of the environment, a container or
    /// an instance, as AWS' own tools find them.
    pub objects_s3_access_key: String,
    /// The secret that belongs to it. Never written or shown.
    pub objects_s3_secret_key: Secret,
    /// Whether the endpoint may be asked without TLS.
    pub objects_s3_allow_http: bool,
    /// Most bytes of the lines of an operation, unpacked.
    pub operation_max_bytes: u64,
    /// For how many days an operation is kept that has come to its end, with its
    /// results.
    pub operation_days: u64,
    /// After how many days without a change an order is archived on which nothing
    /// is to be done any more; 0: never.
    pub archive_after_days: u64,
    /// How many of the statistics that people ask for most are kept ready; 0: none,
    /// and nobody notes what is asked.
    pub warm_statistics: usize,
    /// How long the offers of a shipping quote hold, in seconds: 60 to 86,400.
    pub quote_valid_seconds: u32,
    /// For how many days jobs that are done or cancelled are kept.
    pub jobs_done_days: u64,
    /// For how many days dead jobs are kept.
    pub jobs_dead_days: u64,
    /// Jobs of each queue that a worker works on at once, sixteen unless told
    /// otherwise; 0: none of that queue. In the environment:
    /// `ORDERLOG_JOBS_CONCURRENCY='{default=8}'`.
    pub jobs_concurrency: BTreeMap<String, usize>,
    /// How each sales channel wants its orders to be treated. In the
    /// environment: `ORDERLOG_PLATFORMS='{web={auto_confirm=true}}'`.
    pub platforms: Platforms,
    /// What becomes of an order that names a platform which nobody has saved,
    /// and which `platforms` does not name: `refuse` it, or `create` the platform.
    pub unknown_platform: UnknownPlatform,
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
            views_read_urls: Urls::default(),
            views_read_lag_seconds: 10,
            ops_url: "postgres://orderlog@127.0.0.1:5433/ops".into(),
            events_session_url: String::new(),
            views_session_url: String::new(),
            ops_session_url: String::new(),
            redis_url: "redis://127.0.0.1:6379".into(),
            kafka_bootstrap_servers: "127.0.0.1:9092".into(),
            kafka_security_protocol: KafkaSecurityProtocol::Plaintext,
            kafka_sasl_mechanism: KafkaSaslMechanism::ScramSha512,
            kafka_sasl_username: String::new(),
            kafka_sasl_password: Secret::default(),
            tls_ca_file: String::new(),
            tls_certificate_file: String::new(),
            tls_key_file: String::new(),
            listen: "127.0.0.1:8080".into(),
            http_connections: 20_000,
            http_keep_alive_seconds: 75,
            public_url: String::new(),
            kafka_prefix: String::new(),
            kafka_platform_topics: Slugs::default(),
            redis_prefix: "orderlog:".into(),
            redis_timeout_ms: 50,
            near_cache_bytes: 32 << 20,
            event_store: EventStoreKind::Grouped,
            aggregate_cache_bytes: 64 << 20,
            events_pool_size: 16,
            views_pool_size: 16,
            views_acquire_timeout_ms: 5_000,
            views_statement_timeout_ms: 30_000,
            ops_pool_size: 4,
            exports_at_once: 4,
            export_stall_seconds: 30,
            export_seconds: 3_600,
            export_file_seconds: 21_600,
            export_days: 7,
            export_link_seconds: 3_600,
            document_files: String::new(),
            export_yield_seconds: 60,
            rebuild_parked_percent: 10,
            read_waits: 1_000,
            read_waits_poll_ms: 250,
            projector_workers: 2,
            master_key: Secret::default(),
            master_key_file: String::new(),
            jwt_jwks_url: String::new(),
            jwt_issuer: String::new(),
            jwt_audience: String::new(),
            jwt_leeway_seconds: 60,
            jwt_platform_claim: "platform".into(),
            rate_limit_key: 500,
            rate_limit_address: 0,
            trusted_proxies: Urls::default(),
            require_idempotency_key: false,
            drain_seconds: 2,
            slow_statement_ms: 250,
            log: "info,rdkafka=warn,sqlx=warn,actix_server=warn".into(),
            log_json: false,
            otlp_endpoint: String::new(),
            otlp_headers: Secret::default(),
            traces_ratio: 0.1,
            command_url: "http://127.0.0.1:8080".into(),
            read_url: String::new(),
            console_key_file: PathBuf::new(),
            api_key: Secret::default(),
            api_key_file: PathBuf::new(),
            process_imports: false,
            jobs_lease_seconds: 30,
            jobs_drain_seconds: 20,
            webhook_networks: Urls::default(),
            webhook_days: 30,
            objects_url: String::new(),
            objects_s3_endpoint: String::new(),
            objects_s3_region: String::new(),
            objects_s3_access_key: String::new(),
            objects_s3_secret_key: Secret::default(),
            objects_s3_allow_http: false,
            operation_max_bytes: 1 << 30,
            operation_days: 30,
            archive_after_days: 0,
            warm_statistics: 100,
            quote_valid_seconds: 1_800,
            jobs_done_days: 7,
            jobs_dead_days: 90,
            jobs_concurrency: BTreeMap::new(),
            platforms: Platforms::default(),
            unknown_platform: UnknownPlatform::Refuse,
        }
    }
}

impl Config {
    /// Reads the configuration; `file` is TOML with the same keys.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let config: Self = Self::figment(file).extract().map_err(Box::new)?;
        config.check_sessions()?;
        config.check_topic_names()?;
        Ok(config)
    }

    /// A platform's slug may be longer than what is left of a topic's name.
    fn check_topic_names(&self) -> Result<(), ConfigError> {
        for (platform, topic) in self.platform_topics() {
            if topic.len() > LONGEST_TOPIC_NAME {
                let what = format!(
                    "kafka_platform_topics: the name of the topic of {platform} has {} characters, \
                     and Kafka takes {LONGEST_TOPIC_NAME}",
                    topic.len()
                );
                return Err(Box::new(figment::Error::custom(what)).into());
            }
        }
        Ok(())
    }

    /// What needs a session does not get one from a pooler that lends them.
    fn check_sessions(&self) -> Result<(), ConfigError> {
        for database in Database::ALL {
            if leads_to_pooler(database.session_url(self)) {
                let name = database.name();
                let what = format!(
                    "{name}_session_url has to name the database itself, as {name}_url leads to a \
                     pooler in transaction mode"
                );
                return Err(Box::new(figment::Error::custom(what)).into());
            }
        }
        Ok(())
    }

    /// The layers, for tools that tell where a value came from.
    pub fn figment(file: Option<&Path>) -> Figment {
        let defaults = Figment::from(Serialized::defaults(Self::default()));
        let layered = match file {
            Some(path) => defaults.merge(Toml::file_exact(path)),
            None => defaults,
        };
        let defaults = Value::serialize(Self::default()).ok();
        let defaults = defaults.and_then(Value::into_dict).unwrap_or_default();
        let environment = Environment {
            defaults: defaults.clone(),
        };
        layered.merge(environment).merge(Files { defaults })
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

    /// The platforms that have a topic of their own, each with its full name.
    pub fn platform_topics(&self) -> impl Iterator<Item = (&str, String)> {
        let slugs = self.kafka_platform_topics.iter();
        slugs.map(|slug| (slug, self.kafka_name(&order_events_of(slug))))
    }

    /// Full name of a Redis key.
    pub fn redis_key(&self, key: &str) -> String {
        format!("{}{key}", self.redis_prefix)
    }

    /// Where questions are asked.
    pub fn questions_url(&self) -> &str {
        if self.read_url.is_empty() {
            &self.command_url
        } else {
            &self.read_url
        }
    }

    /// How the sales channel with this slug wants its orders to be treated.
    pub fn platform(&self, slug: &str) -> &PlatformSettings {
        self.platforms.get(slug)
    }
}

/// A value of the wrong type, an unreadable file, an unknown key.
#[derive(Debug, thiserror::Error)]
#[error("the configuration cannot be read")]
pub struct ConfigError(#[from] Box<figment::Error>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platforms::OnCancellation;
    use std::error::Error as _;

    #[test]
    fn every_key_reads_back_from_its_defaults() {
        let config = Config::load(None).expect("defaults are valid");
        assert_eq!(config.kafka_name("orders"), "orders");
        assert!(Config::keys().contains(&"events_url".to_owned()));
    }

    #[test]
    fn a_pooler_alone_is_not_enough() {
        let with = |session: &str| Config {
            events_url: "postgres://ann@127.0.0.1:6432/events?pooler=transaction".into(),
            events_session_url: session.into(),
            ..Config::default()
        };
        let direct = "postgres://ann@127.0.0.1:5432/events";
        assert!(with(direct).check_sessions().is_ok());
        let pooled = with("").check_sessions().expect_err("no session");
        let said = pooled.source().expect("a reason").to_string();
        assert!(said.contains("events_session_url has to name"), "{said}");
    }

    #[test]
    fn what_is_wrong_with_a_value_is_said_once() {
        let wrong = layered("drain_seconds = \"x\"", "{}").expect_err("no number");
        let error = ConfigError::from(wrong);
        let reason = error.source().expect("a reason");
        assert!(reason.source().is_none());
        let said = format!("{error}: {reason}");
        assert_eq!(said.matches("drain_seconds").count(), 1, "{said}");
    }

    #[test]
    fn a_platforms_topic_has_a_name_that_kafka_takes() {
        let with = |platform: &str| Config {
            kafka_prefix: "shop.".into(),
            kafka_platform_topics: [platform]
                .into_iter()
                .collect::<Urls>()
                .try_into()
                .expect("a slug"),
            ..Config::default()
        };
        let web = with("web");
        let topics: Vec<_> = web.platform_topics().collect();
        assert_eq!(
            topics,
            [("web", "shop.orders.events.v1.platform.web".to_owned())]
        );
        assert!(web.check_topic_names().is_ok());
        assert!(with(&"x".repeat(218)).check_topic_names().is_ok());
        assert!(with(&"x".repeat(219)).check_topic_names().is_err());
    }

    /// The layers of `Config::load`, with texts in place of file and
    /// environment.
    fn layered(file: &str, platforms: &str) -> Result<Config, Box<figment::Error>> {
        let environment: figment::value::Value = platforms.parse().expect("infallible");
        Figment::from(Serialized::defaults(Config::default()))
            .merge(Toml::string(file))
            .merge(Serialized::default("platforms", environment))
            .extract()
            .map_err(Box::new)
    }

    #[test]
    fn platforms_are_named_in_the_file_and_in_the_environment() {
        let file = "[platforms.web]\nauto_confirm = true\n[platforms.shop]\nauto_confirm = true";
        let environment = r#"{shop={auto_confirm=false}, eu-1={ on_cancellation = "record" }}"#;
        let config = layered(file, environment).expect("valid");
        assert!(config.platform("web").auto_confirm);
        assert!(
            !config.platform("shop").auto_confirm,
            "the environment wins"
        );
        let eu = config.platform("eu-1");
        assert_eq!(eu.on_cancellation, OnCancellation::Record);
        assert!(!config.platform("other").auto_confirm);
        assert!(layered(file, "{web={colour=1}}").is_err(), "unknown key");
        assert!(layered(file, "web").is_err(), "not a map");
    }

    #[test]
    fn a_configuration_reads_back_from_the_toml_it_writes() {
        let written = layered("[platforms.web]\nexpire_unpaid_after_seconds = 5", "{}");
        let written = toml_text(&written.expect("valid"));
        let read = layered(&written, "{}").expect("our own");
        assert_eq!(read.platform("web").expire_unpaid_after_seconds, Some(5));
    }

    fn toml_text(config: &Config) -> String {
        toml::to_string(config).expect("TOML")
    }
}
