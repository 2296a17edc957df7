//! One owner at a time, and what a killed one leaves behind.

use super::{cache, lives, pid, start};
use anyhow::{Context as _, ensure};
use infra::local_servers::{KafkaExtras, LocalServers, LocalServersError, Options, Server};
use std::{
    env,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, ExitCode, Stdio},
};

/// Names a folder: this program then only owns servers in it.
pub const OWNER: &str = "TEST_OWN_SERVERS_IN";
const SERVERS: [Server; 2] = [Server::Events, Server::Redis];

pub async fn are_ended() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut owner = Command::new(env::current_exe()?)
        .env(OWNER, dir.path())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = owner.stdout.take().context("it has an output")?;
    let said = BufReader::new(output).lines().next();
    owner.kill()?;
    owner.wait()?;
    ensure!(said.transpose()?.as_deref() == Some("started"));
    let left = [
        pid(dir.path(), Server::Events)?,
        pid(dir.path(), Server::Redis)?,
    ];
    ensure!(left.into_iter().all(lives), "the servers outlive a kill -9");

    let (servers, steps) = start(dir.path(), &SERVERS).await?;
    let still_there = left.into_iter().any(lives);
    servers.stop().await;

    ensure!(!still_there);
    ensure!(
        steps.first().is_some_and(|step| {
            step == "end what an earlier run left: PostgreSQL (events), Redis"
        }),
        "{steps:?}"
    );
    Ok(())
}

/// The other side of [`are_ended`].
pub fn own_servers_until_killed(dir: PathBuf) -> ExitCode {
    let options = Options {
        dir,
        cache: cache(),
        servers: SERVERS.to_vec(),
        throwaway: false,
        kafka: KafkaExtras::default(),
    };
    let Ok(runtime) = tokio::runtime::Runtime::new() else {
        return ExitCode::FAILURE;
    };
    runtime.block_on(async {
        let servers = LocalServers::start(options, &|_| {}).await;
        println!("{}", servers.as_ref().map_or("failed", |_| "started"));
        std::future::pending().await
    })
}

pub async fn a_folder_in_use_is_refused() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let (first, _) = start(dir.path(), &[Server::Redis]).await?;
    let second = start(dir.path(), &[Server::Redis]).await;
    let unharmed = lives(pid(dir.path(), Server::Redis)?);
    first.stop().await;

    ensure!(matches!(second, Err(LocalServersError::InUse { .. })));
    ensure!(unharmed, "the refused one ended the servers of the first");
    Ok(())
}
