//! A server that ends although nobody told it to.

use super::{lives, pid, start};
use anyhow::{bail, ensure};
use infra::local_servers::{LocalServersError, Server};
use rustix::process::{Signal, kill_process};
use std::fs;
use tests::DEADLINE;

pub async fn is_reported() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (servers, _) = start(dir.path(), &[Server::Redis]).await?;
    kill_process(pid(dir.path(), Server::Redis)?, Signal::KILL)?;

    let exit = tokio::time::timeout(DEADLINE, servers.exited()).await?;

    ensure!(exit.server == Server::Redis);
    let report = exit.to_string();
    for part in [
        "Redis ended by itself",
        "SIGKILL",
        "redis.log",
        "Ready to accept",
    ] {
        ensure!(report.contains(part), "no {part:?} in: {report}");
    }
    Ok(())
}

pub async fn of_one_at_the_start_ends_the_others() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("data/postgres-events");
    fs::create_dir_all(&data)?;
    fs::write(data.join("PG_VERSION"), "9.6\n")?;

    let Err(error) = start(dir.path(), &[Server::Redis, Server::Events]).await else {
        bail!("PostgreSQL started on a broken cluster");
    };

    ensure!(matches!(&error, LocalServersError::Exited(exit) if exit.server == Server::Events));
    let report = error.to_string();
    ensure!(report.contains("postgres-events.log"), "{report}");
    ensure!(report.lines().count() > 1, "no tail of the log: {report}");
    ensure!(!lives(pid(dir.path(), Server::Redis)?), "Redis was left");
    Ok(())
}
