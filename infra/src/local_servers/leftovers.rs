//! Servers that outlived the process that started them.

use super::{LocalServersError, Server, error::file, folder::Folder};
use futures_util::future::try_join_all;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// How long a leftover may take to stop before it is killed.
const PATIENCE: Duration = Duration::from_secs(15);

/// Ends the servers that a killed process left in this folder; says which.
pub(super) async fn end(folder: &Folder) -> Result<Vec<Server>, LocalServersError> {
    let servers = Server::ALL.into_iter().chain([Server::Standby]);
    let ended = try_join_all(servers.map(|server| end_one(folder, server))).await?;
    Ok(ended.into_iter().flatten().collect())
}

/// A number in a pid file counts only where that process names this folder in
/// its command line: numbers are used again.
async fn end_one(folder: &Folder, server: Server) -> Result<Option<Server>, LocalServersError> {
    let pid_file = folder.pid_file(server);
    let Ok(text) = fs::read_to_string(&pid_file) else {
        return Ok(None);
    };
    let pid = text.trim().parse().ok().and_then(Pid::from_raw);
    let left = pid.filter(|pid| is_run_from(*pid, folder.root()));
    if let Some(pid) = left {
        stop(pid, server, folder.root()).await;
    }
    fs::remove_file(&pid_file).map_err(file("delete", &pid_file))?;
    Ok(left.map(|_| server))
}

async fn stop(pid: Pid, server: Server, root: &Path) {
    for signal in [server.stop_signal(), Signal::KILL] {
        // An error means that it has ended by itself in between.
        let _ = kill_process(pid, signal);
        let began = Instant::now();
        // It is not our child, so there is nothing to wait on but /proc.
        while is_run_from(pid, root) && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if !is_run_from(pid, root) {
            return;
        }
    }
}

/// Whether a process lives and its command line names something under `root`.
/// (One that has ended but was not waited for has an empty command line.)
pub(super) fn is_run_from(pid: Pid, root: &Path) -> bool {
    let path = format!("/proc/{}/cmdline", pid.as_raw_nonzero());
    let Ok(command_line) = fs::read(path) else {
        return false;
    };
    let mut needle = root.as_os_str().as_encoded_bytes().to_vec();
    needle.push(b'/');
    command_line
        .windows(needle.len())
        .any(|window| window == needle)
}

/// Whether a process of this number lives.
pub(super) fn is_alive(pid: Pid) -> bool {
    fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero()))
        .is_ok_and(|command_line| !command_line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[tokio::test]
    async fn a_process_that_only_has_the_number_is_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(dir.path()).expect("nobody holds it");
        let mut stranger = Command::new("sleep").arg("60").spawn().expect("started");
        fs::write(folder.pid_file(Server::Redis), stranger.id().to_string()).expect("written");

        let ended = end(&folder).await.expect("looked");

        assert_eq!(ended, []);
        assert!(!folder.pid_file(Server::Redis).exists());
        assert!(stranger.try_wait().expect("asked").is_none());
        stranger.kill().expect("killed");
        stranger.wait().expect("waited");
    }
}
