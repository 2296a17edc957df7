//! Servers as child processes (`infra::local_servers`).

mod death;
mod leftovers;
mod restart;

pub use leftovers::{OWNER, own_servers_until_killed};

use infra::local_servers::{KafkaExtras, LocalServers, LocalServersError, Options, Server, Step};
use libtest_mimic::Trial;
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

pub fn trials() -> Vec<Trial> {
    vec![
        tests::on_own_servers(
            "local_servers::data_is_found_again_after_a_stop",
            restart::data_is_found_again,
        ),
        tests::on_private_servers(
            "local_servers::a_killed_server_comes_back_on_its_port_with_its_data",
            restart::a_killed_server_comes_back,
        ),
        tests::on_own_servers(
            "local_servers::what_a_killed_owner_left_is_ended",
            leftovers::are_ended,
        ),
        tests::on_own_servers(
            "local_servers::a_folder_in_use_is_refused",
            leftovers::a_folder_in_use_is_refused,
        ),
        tests::on_own_servers(
            "local_servers::a_dead_server_is_reported_with_its_log",
            death::is_reported,
        ),
        tests::on_own_servers(
            "local_servers::a_failed_start_says_why_and_leaves_nothing_running",
            death::of_one_at_the_start_ends_the_others,
        ),
    ]
}

/// Starts some servers in a folder that keeps its data; the steps are given
/// back.
async fn start(
    dir: &Path,
    servers: &[Server],
) -> Result<(Arc<LocalServers>, Vec<String>), LocalServersError> {
    let steps = Mutex::new(Vec::new());
    let options = Options {
        dir: dir.to_owned(),
        cache: cache(),
        servers: servers.to_vec(),
        throwaway: false,
        kafka: KafkaExtras::default(),
    };
    let started = tests::start_servers(options, &|step| {
        if let (Step::Done(what, _), Ok(mut steps)) = (step, steps.lock()) {
            steps.push(what.to_owned());
        }
    })
    .await?;
    Ok((started, steps.into_inner().unwrap_or_default()))
}

fn cache() -> PathBuf {
    tests::root().join(".orderlog/servers")
}

/// The process id of a server, as its pid file has it.
fn pid(dir: &Path, server: Server) -> anyhow::Result<rustix::process::Pid> {
    let path = dir.join("run").join(format!("{}.pid", server.id()));
    let number = std::fs::read_to_string(path)?.parse()?;
    rustix::process::Pid::from_raw(number).ok_or_else(|| anyhow::anyhow!("a process id of zero"))
}

/// Whether a process runs (and is no zombie).
fn lives(pid: rustix::process::Pid) -> bool {
    std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero()))
        .is_ok_and(|command_line| !command_line.is_empty())
}
