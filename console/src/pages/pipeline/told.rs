//! What the routes of operators answer, as far as the pages show it.

use serde::Deserialize;

/// A list.
#[derive(Debug, Clone, Deserialize)]
pub struct List<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// `GET /v1/admin/pipeline`.
#[derive(Debug, Clone, Deserialize)]
pub struct Pipeline {
    pub log: Option<LogPlace>,
    pub relay: Option<RelayPlace>,
}

/// The end of the log.
#[derive(Debug, Clone, Deserialize)]
pub struct LogPlace {
    pub position: Option<i64>,
    pub recorded_at: Option<String>,
    pub per_second: Option<f64>,
    pub horizon_age_seconds: f64,
}

/// What is published.
#[derive(Debug, Clone, Deserialize)]
pub struct RelayPlace {
    pub position: Option<i64>,
    pub events: Option<i64>,
    pub seconds: Option<f64>,
    pub per_second: Option<f64>,
    pub platforms_behind: Vec<String>,
}

/// `GET /v1/admin/projections`.
#[derive(Debug, Clone, Deserialize)]
pub struct Projections {
    pub data: Vec<Projection>,
    pub replicas: Vec<Replica>,
}

/// A projection.
#[derive(Debug, Clone, Deserialize)]
pub struct Projection {
    pub name: String,
    pub topic: String,
    pub build: i64,
    pub version: i32,
    pub built_at: String,
    #[serde(flatten)]
    pub lag: Lag,
    pub per_second: Option<f64>,
    pub parked: i64,
    pub rebuild: Option<Build>,
    pub partitions: Vec<Partition>,
}

/// How far behind; nothing of it while the log does not answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
pub struct Lag {
    pub events: Option<i64>,
    pub estimated: Option<bool>,
    pub seconds: Option<f64>,
}

/// One partition of a projection.
#[derive(Debug, Clone, Deserialize)]
pub struct Partition {
    #[serde(rename = "partition")]
    pub number: i32,
    pub next_offset: i64,
    pub end_offset: Option<i64>,
    pub updated_at: String,
    #[serde(flatten)]
    pub lag: Lag,
}

/// A replica of the views.
#[derive(Debug, Clone, Deserialize)]
pub struct Replica {
    pub server: String,
    pub answers: bool,
    #[serde(flatten)]
    pub lag: Lag,
}

/// A build of a projection.
#[derive(Debug, Clone, Deserialize)]
pub struct Build {
    #[serde(rename = "build")]
    pub id: i64,
    pub state: String,
    pub phase: Option<String>,
    pub reason: String,
    pub events: i64,
    pub estimate: Option<i64>,
    pub seconds_left: Option<i64>,
    pub error: Option<String>,
    pub requested_at: String,
    pub finished_at: Option<String>,
}

/// What is parked.
#[derive(Debug, Clone, Deserialize)]
pub struct Parked {
    pub projection: String,
    pub id: String,
    pub partition: i32,
    pub version: i64,
    pub reason: String,
    #[serde(rename = "parked_at")]
    pub since: String,
    pub waiting: i64,
    pub attempts: i32,
    pub attempted_at: Option<String>,
    pub redrive_requested_at: Option<String>,
    /// Of one that is asked for by itself.
    #[serde(default)]
    pub records: Vec<Record>,
}

/// A record that waits.
#[derive(Debug, Clone, Deserialize)]
pub struct Record {
    pub partition: i32,
    pub offset: i64,
    pub version: Option<i64>,
    pub headers: std::collections::BTreeMap<String, Option<String>>,
    pub value: Option<String>,
}

/// `GET /v1/admin/cache`.
#[derive(Debug, Clone, Deserialize)]
pub struct Cache {
    pub families: Vec<Family>,
    pub redis: Redis,
}

/// A family of cached values.
#[derive(Debug, Clone, Deserialize)]
pub struct Family {
    #[serde(rename = "family")]
    pub name: String,
    pub requests: i64,
    pub hits: i64,
    pub revalidated: i64,
    pub stale: i64,
    pub misses: i64,
    pub unavailable: i64,
    pub hit_ratio: Option<f64>,
}

/// The server of the cache.
#[derive(Debug, Clone, Deserialize)]
pub struct Redis {
    pub answers: bool,
    pub used_memory_bytes: Option<i64>,
    pub max_memory_bytes: Option<i64>,
    pub evicted_keys: Option<i64>,
}

/// A schedule.
#[derive(Debug, Clone, Deserialize)]
pub struct Schedule {
    pub name: String,
    pub cron: Option<String>,
    pub time_zone: String,
    pub every_seconds: Option<i64>,
    pub paused: bool,
    pub off: Option<String>,
    pub next_run_at: String,
    pub last_state: Option<String>,
    pub last_finished_at: Option<String>,
    pub last_error: Option<String>,
}

/// A job.
#[derive(Debug, Clone, Deserialize)]
pub struct Job {
    pub id: String,
    pub queue: String,
    pub kind: String,
    pub state: String,
    pub run_at: String,
    pub attempts: i32,
    pub max_attempts: i32,
    pub progress: Option<Progress>,
    pub last_error: Option<String>,
}

/// How far a job is.
#[derive(Debug, Clone, Deserialize)]
pub struct Progress {
    pub text: Option<String>,
}
