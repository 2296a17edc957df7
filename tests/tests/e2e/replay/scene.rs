//! A log with events to be replayed, and what a replay made of it.

use anyhow::{Context as _, Result, ensure};
use infra::{config::Config, log::LogReader, postgres};
use serde_json::Value;
use sqlx::PgPool;
use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    process::Stdio,
};
use tempfile::TempDir;
use tests::{TestEnv, command, wait_until};
use tokio::process::Child;

/// A migrated log, and a folder for files.
pub struct Scene<'a> {
    pub env: &'a TestEnv,
    pub log: PgPool,
    pub folder: TempDir,
}

/// The output of a replay.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    pub events: Vec<Value>,
    pub trailer: Value,
}

impl<'a> Scene<'a> {
    pub async fn new(env: &'a TestEnv) -> Result<Self> {
        env.orderlog_ok(&["migrate"]).await?;
        Ok(Self {
            env,
            log: postgres::pool(&env.config.events_url, 4)?,
            folder: tempfile::tempdir()?,
        })
    }

    /// Appends `orders` orders of a platform with `events` events each, an order
    /// a transaction, recorded an hour after one another from 2026 on. All of
    /// them are final then.
    pub async fn fill(&self, platform: &str, orders: i64, events: i64) -> Result<()> {
        for number in 0..orders {
            fill_one(&self.log, platform, events, number).await?;
        }
        self.settled().await
    }

    /// Waits until everything is final: transactions of other tests may be
    /// under way on the same servers.
    pub async fn settled(&self) -> Result<()> {
        let reader = LogReader::new(self.log.clone());
        wait_until("the log to be final", async || {
            let newest = reader.newest().await?;
            let horizon = reader.horizon().await?;
            let settled = newest.is_none_or(|newest| horizon.covers(newest));
            Ok(settled.then_some(()))
        })
        .await
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replays to the end.
    pub async fn replay(&self, args: &[&str]) -> Result<Replayed> {
        let args = [&["replay"], args].concat();
        read(&self.env.orderlog_ok(&args).await?)
    }

    /// Begins a replay whose output is appended to `file`.
    pub fn begin(&self, args: &[&str], file: &Path) -> Result<Child> {
        let file = append_to(file)?;
        spawn(&self.env.config, args, file.into())
    }
}

/// An order, with so much of each event as a replay reads.
pub async fn fill_one(
    log: impl sqlx::PgExecutor<'_>,
    platform: &str,
    events: i64,
    hours: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, \
                             payload, metadata, recorded_at) \
         SELECT 'order', id, n, CASE WHEN n = 1 THEN 'OrderPlaced' ELSE 'Tagged' END, '1', \
                (CASE WHEN n = 1 \
                      THEN '{\"OrderPlaced\":{\"order\":{\"platform\":\"' || $1 || '\"}}}' \
                      ELSE '{\"Tagged\":{\"tag\":\"t' || n || '\"}}' END)::json, \
                ('{\"actor\":\"test\",\"after\":\"{\\\"version\\\":' || n || '}\"}')::json, \
                timestamptz '2026-01-01T00:00:00Z' + $3 * interval '1 hour' \
         FROM (SELECT gen_random_uuid()::text AS id) ids, generate_series(1, $2) n",
    )
    .bind(platform)
    .bind(events)
    .bind(hours)
    .execute(log)
    .await?;
    Ok(())
}

/// Starts `orderlog replay`.
pub fn spawn(config: &Config, args: &[&str], stdout: Stdio) -> Result<Child> {
    Ok(command(config)?
        .arg("replay")
        .args(args)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?)
}

/// As `>>` of a shell does it.
pub fn append_to(path: &Path) -> Result<File> {
    Ok(OpenOptions::new().append(true).create(true).open(path)?)
}

/// Events, then one trailer, and nothing after it.
pub fn read(output: &str) -> Result<Replayed> {
    let mut lines: Vec<Value> = output
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let last = lines.pop().context("there is no trailer")?;
    ensure!(output.ends_with('\n'), "the last line has no end");
    ensure!(lines.iter().all(|line| line["trailer"].is_null()));
    let trailer = last["trailer"].clone();
    ensure!(trailer.is_object(), "the last line is no trailer: {last}");
    Ok(Replayed {
        events: lines,
        trailer,
    })
}

impl Replayed {
    /// The ids of the events, in their order.
    pub fn ids(&self) -> Vec<&str> {
        self.events.iter().map(|event| text(&event["id"])).collect()
    }

    /// The token of one of the events.
    pub fn position(&self, index: usize) -> &str {
        text(&self.events[index]["position"])
    }
}

/// A text that has to be one.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Waits until a resume file says that more than `count` events were written.
pub async fn has_written(resume: &Path, count: u64) -> Result<()> {
    wait_until("a replay to remember how far it came", async || {
        let Ok(content) = std::fs::read_to_string(resume) else {
            return Ok(None);
        };
        let content: Value = serde_json::from_str(&content)?;
        let written = content["reached"]["count"].as_u64();
        Ok(written.filter(|written| *written > count).map(drop))
    })
    .await
}

/// Ends it with SIGTERM, as an operator would.
pub async fn terminate(child: &mut Child) -> Result<std::process::ExitStatus> {
    let id = child.id().context("it has ended")?;
    let pid = rustix::process::Pid::from_raw(i32::try_from(id)?).context("a process id")?;
    rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
    Ok(child.wait().await?)
}
