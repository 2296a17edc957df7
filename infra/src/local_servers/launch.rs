//! Brings one server from nothing to answering.

use super::{
    LocalServersError, Progress, Server, Site, Step, kafka,
    ports::Ports,
    postgres,
    process::{Deaths, Process},
    redis,
};
use std::time::{Duration, Instant};
use tokio::process::Command;

/// How long a server may take until it answers: Kafka on a busy machine, or
/// PostgreSQL that replays its log after a crash.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is asked.
const INTERVAL: Duration = Duration::from_millis(20);
/// Starts that are tried where a port was taken in between.
const ATTEMPTS: usize = 5;

/// A server that answers.
#[derive(Debug)]
pub(super) struct Running {
    pub process: Process,
    pub ports: Ports,
}

/// Starts a server, on `fixed` ports where it had some before, and waits until
/// it answers.
pub(super) async fn launch(
    server: Server,
    site: &Site,
    fixed: Option<Ports>,
    deaths: &Deaths,
    progress: Progress<'_>,
) -> Result<Running, LocalServersError> {
    let began = Instant::now();
    match server {
        Server::Events | Server::Views => postgres::prepare(server, site).await?,
        // Its data is there: `standby::prepare` was called.
        Server::Standby => {}
        Server::Redis => redis::prepare(site)?,
        Server::Kafka => kafka::prepare(site).await?,
    }
    let running = start(server, site, fixed, deaths).await?;
    running.process.watch();
    let what = format!("start {server} on 127.0.0.1:{}", running.ports.main);
    progress(Step::Done(&what, began.elapsed()));
    Ok(running)
}

async fn start(
    server: Server,
    site: &Site,
    fixed: Option<Ports>,
    deaths: &Deaths,
) -> Result<Running, LocalServersError> {
    let mut attempt = 1;
    loop {
        let ports = match fixed {
            Some(ports) => ports,
            None => Ports::free()?,
        };
        let command = command(server, site, ports)?;
        let process = Process::spawn(server, command, &site.folder, deaths.clone())?;
        let Err(error) = until_it_answers(server, &process, ports).await else {
            return Ok(Running { process, ports });
        };
        if attempt == ATTEMPTS || !worth_another(&error, ports) {
            return Err(error);
        }
        attempt += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Whether it only lost its port to somebody, or its own children of before a
/// crash are not quite gone.
fn worth_another(error: &LocalServersError, ports: Ports) -> bool {
    match error {
        LocalServersError::Exited(exit) => ports.taken() || exit.tail.contains("still in use"),
        _ => false,
    }
}

fn command(server: Server, site: &Site, ports: Ports) -> Result<Command, LocalServersError> {
    match server {
        Server::Events | Server::Views | Server::Standby => {
            Ok(postgres::command(server, site, ports.main))
        }
        Server::Redis => redis::command(site, ports.main),
        Server::Kafka => kafka::command(site, ports),
    }
}

async fn until_it_answers(
    server: Server,
    process: &Process,
    ports: Ports,
) -> Result<(), LocalServersError> {
    let asking = async {
        while !answers(server, ports).await {
            tokio::time::sleep(INTERVAL).await;
        }
    };
    tokio::select! {
        // In this order: on a port that another took, the other would answer.
        biased;
        () = process.ended() => {}
        () = asking => {}
        () = tokio::time::sleep(PATIENCE) => {
            return Err(LocalServersError::Silent {
                server,
                waited: PATIENCE,
                log: process.log().path().to_owned(),
                tail: process.log().tail(),
            });
        }
    }
    match process.exit() {
        Some(exit) => Err(exit.into()),
        None => Ok(()),
    }
}

async fn answers(server: Server, ports: Ports) -> bool {
    match server {
        Server::Events | Server::Views | Server::Standby => postgres::answers(ports.main).await,
        Server::Redis => redis::answers(ports.main).await,
        Server::Kafka => kafka::answers(ports.main).await,
    }
}
