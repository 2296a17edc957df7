//! What a cache says of itself.

use crate::{http_client::Connection, requests};
use anyhow::{Context as _, ensure};

/// Requests to a cache.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// Those that it answered.
    hits: f64,
    all: f64,
}

impl Counted {
    /// Those of `family` that the role at `address` has sent so far.
    pub async fn of(address: &str, key: &str, family: &str) -> anyhow::Result<Self> {
        let series = format!("orderlog_cache_requests_total{{family=\"{family}\"");
        Self::read(address, key, &series, &["\"hit\"", "\"revalidated\""]).await
    }

    /// Look-ups of platforms that the role at `address` has made so far: what of them
    /// its memory has answered.
    pub async fn of_rules(address: &str, key: &str) -> anyhow::Result<Self> {
        let series = "orderlog_platform_reads_total{";
        Self::read(address, key, series, &["\"memory\""]).await
    }

    /// What begins like `series`; hits are what has one of these labels.
    async fn read(address: &str, key: &str, series: &str, hit: &[&str]) -> anyhow::Result<Self> {
        let mut connection = Connection::open(address).await?;
        let answer = connection.send(&requests::get("/metrics", key, "")).await?;
        let (mut hits, mut all) = (0.0, 0.0);
        for line in std::str::from_utf8(&answer.body)?.lines() {
            if line.starts_with(series) {
                let (labels, value) = line.rsplit_once(' ').context("a value")?;
                let value: f64 = value.parse()?;
                all += value;
                if hit.iter().any(|label| labels.contains(label)) {
                    hits += value;
                }
            }
        }
        ensure!(all > 0.0, "nothing has counted {series}");
        Ok(Self { hits, all })
    }

    /// The requests to this cache and to the one behind it, which is asked for what
    /// this one does not have.
    pub fn with_what_is_behind(self, behind: Self) -> Self {
        Self {
            hits: self.hits + behind.hits,
            all: self.hits + behind.all,
        }
    }

    /// Which part was answered by it, of those since `before`.
    pub fn hit_ratio(self, before: Self) -> f64 {
        (self.hits - before.hits) / (self.all - before.all).max(1.0)
    }
}
