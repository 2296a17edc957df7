//! The outside world: configuration, telemetry, lifecycle, HTTP plumbing,
//! Postgres, the event store, command execution, the relay, Kafka and Redis.
//! Nothing in here knows what an order is.

pub mod api_keys;
pub mod asked;
pub mod backoff;
pub mod clock;
pub mod command;
pub mod config;
pub mod csv;
pub mod epoch;
pub mod event_store;
pub mod exports;
pub mod failpoint;
pub mod hex;
pub mod http;
pub mod jobs;
mod joined;
pub mod kafka;
pub mod leader;
pub mod lifecycle;
pub mod local_servers;
pub mod log;
mod log_lines;
pub mod objects;
pub mod open_files;
pub mod operations;
pub mod people;
pub mod platforms;
pub mod postgres;
pub mod quotes;
pub mod redis;
pub mod relay;
pub mod retry;
pub mod sealing;
pub mod secret;
pub mod seller;
pub mod shared_secret;
mod slow_statements;
pub mod telemetry;
pub mod tls;
pub mod tokens;
pub mod traces;
pub mod views;
pub mod webhooks;
