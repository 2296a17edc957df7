//! What can be set in `.env`: every setting of the roles, or there is a reason.

use super::compose;
use anyhow::{Result, ensure};
use infra::config::Config;
use std::{collections::BTreeMap, fs};
use tests::root;

const OBJECTS: &str = "objects are on a volume";
const FILES: &str = "a file has to be mounted for it";
/// Settings that docker-compose.yml does not hand on, and why.
const LEFT_OUT: [(&str, &str); 15] = [
    ("document_files", FILES),
    ("drain_seconds", "`stop_grace_period` is made for it"),
    ("event_store", "it is for trials"),
    ("jobs_drain_seconds", "`stop_grace_period` is made for it"),
    ("kafka_prefix", "Kafka is this system's alone"),
    ("master_key_file", "`.env` has the key itself"),
    ("objects_s3_access_key", OBJECTS),
    ("objects_s3_allow_http", OBJECTS),
    ("objects_s3_endpoint", OBJECTS),
    ("objects_s3_region", OBJECTS),
    ("objects_s3_secret_key", OBJECTS),
    ("redis_prefix", "Redis is this system's alone"),
    ("tls_ca_file", FILES),
    ("tls_certificate_file", FILES),
    ("tls_key_file", FILES),
];

/// Each key of `Config` is told to a role, itself or by a file, or is left out on
/// purpose. What only `.env` has a value for is in `.env.example`.
pub fn are_told_or_left_out_for_a_reason() -> Result<()> {
    let (compose, keys) = (compose()?, Config::keys());
    let left_out = BTreeMap::from(LEFT_OUT);
    let example = fs::read_to_string(root().join(".env.example"))?;
    for key in &keys {
        let variable = format!("ORDERLOG_{}", key.to_uppercase());
        let file = format!("{variable}_FILE");
        let services = compose.services.values().map(|s| &s.environment);
        let told: Vec<_> = services
            .filter_map(|told| told.get(&variable).or_else(|| told.get(&file)))
            .collect();
        match left_out.get(key.as_str()) {
            None => ensure!(!told.is_empty(), "no role of compose is told of {key}"),
            Some(why) => ensure!(told.is_empty(), "{key} is handed on, although {why}"),
        }
        ensure!(
            told.iter().all(|value| value.is_some())
                || example.contains(&format!("\n# {variable}=")),
            ".env.example says nothing of {variable}"
        );
    }
    numbers_are_the_defaults(&example)?;
    for (key, _) in LEFT_OUT {
        let known = keys.iter().any(|known| known == key);
        ensure!(known, "there is no setting {key}");
    }
    Ok(())
}

/// What `.env.example` says of a number is what it is without a word.
fn numbers_are_the_defaults(example: &str) -> Result<()> {
    let defaults = serde_json::to_value(Config::default())?;
    for line in example.lines() {
        let line = line.strip_prefix("# ").unwrap_or(line);
        let told = line.strip_prefix("ORDERLOG_");
        let Some((name, value)) = told.and_then(|told| told.split_once('=')) else {
            continue;
        };
        let default = &defaults[name.to_lowercase()];
        let written = default.to_string();
        ensure!(
            !default.is_number() || written == value,
            ".env.example has {line}, and the default is {default}"
        );
    }
    Ok(())
}
