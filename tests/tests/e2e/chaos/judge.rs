//! What is in the log and on Kafka, beside what the clients were told.

use super::clients::Told;
use crate::relay::scene::Scene;
use anyhow::{Context as _, Result};
use infra::command::command_id;
use serde_json::Value;
use sqlx::Row as _;
use std::{collections::HashMap, fmt, time::Duration};
use tests::{TestEnv, wait_until_within};
use uuid::Uuid;

/// The relay comes back, finds the leader's session gone, and has a backlog.
const CATCH_UP: Duration = Duration::from_mins(3);

/// Counts of commands.
#[derive(Debug, Default)]
pub struct Report {
    pub tried: usize,
    /// Answered as done.
    pub answered: usize,
    /// In the log.
    pub stored: usize,
    /// Events on Kafka.
    pub published: usize,
    /// Answered as done, but not in the log.
    pub lost: usize,
    /// In the log more than once.
    pub doubled: usize,
    /// In the log, but not wholly.
    pub half: usize,
    /// Answered with another version than it is in the log with.
    pub misnumbered: usize,
}

/// A command in the log.
#[derive(Debug, Clone, Copy, Default)]
struct Stored {
    times: usize,
    /// The order's version behind it.
    version: i64,
}

impl Report {
    pub const fn is_clean(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.half == 0 && self.misnumbered == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "commands tried {}, answered {}, stored {}, events published {}, lost {}, doubled {}, \
             half {}, misnumbered {}",
            self.tried,
            self.answered,
            self.stored,
            self.published,
            self.lost,
            self.doubled,
            self.half,
            self.misnumbered
        )
    }
}

/// Waits until the relay has caught up, then compares.
pub async fn judge(env: &TestEnv, told: &[Told]) -> Result<Report> {
    let scene = Scene::existing(&env.config)?;
    let rows = sqlx::query("SELECT aggregate_id, sequence, metadata::text AS metadata FROM events ORDER BY aggregate_id, sequence")
        .fetch_all(&scene.log)
        .await?;
    // Every command has events that follow each other: its first says how many.
    let (mut stored, mut half) = (HashMap::<Uuid, Stored>::new(), 0);
    let mut left = 0_i64;
    for row in &rows {
        let metadata: Value = serde_json::from_str(&row.try_get::<String, _>("metadata")?)?;
        match metadata["command_id"].as_str() {
            Some(id) => {
                half += usize::from(left != 0);
                let events = metadata["command_events"].as_str().context("a number")?;
                left = events.parse::<i64>()? - 1;
                let stored = stored.entry(id.parse()?).or_default();
                stored.times += 1;
                stored.version = row.try_get::<i64, _>("sequence")? + left;
            }
            None => left -= 1,
        }
    }
    let actor: String = sqlx::query_scalar("SELECT metadata ->> 'actor' FROM events LIMIT 1")
        .fetch_one(&scene.log)
        .await?;
    let mut report = Report {
        tried: told.len(),
        half: half + usize::from(left != 0),
        ..Report::default()
    };
    for told in told {
        let id = command_id(&actor, &told.route, &told.key, 0);
        let Stored { times, version } = stored.get(&id).copied().unwrap_or_default();
        report.answered += usize::from(told.version.is_some());
        report.stored += usize::from(times > 0);
        report.lost += usize::from(told.version.is_some() && times == 0);
        report.doubled += usize::from(times > 1);
        let other = told.version.is_some_and(|told| told != version);
        report.misnumbered += usize::from(times > 0 && other);
    }
    let total = rows.len();
    wait_until_within(CATCH_UP, "Kafka to have every event", async || {
        Ok((scene.published().await?.len() >= total).then_some(()))
    })
    .await?;
    // Each once, in its partition, in order; and nothing else.
    report.published = scene.check_published_once().await?;
    Ok(report)
}
