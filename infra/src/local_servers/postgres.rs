//! A PostgreSQL cluster: initdb, its settings, and whether it answers.

use super::{
    LocalServersError, Server, Site,
    error::file,
    leftovers::{is_alive, is_run_from},
    process,
};
use rustix::process::Pid;
use sqlx::{Connection as _, PgConnection};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};
use tokio::process::Command;

/// The role that owns everything; the only one there is.
const ROLE: &str = "orderlog";

/// What differs from PostgreSQL's defaults. Durability is not touched: fsync
/// and `synchronous_commit` stay on.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    // A socket's path may have 107 bytes: a deep checkout would not start.
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=128MB",
    "max_wal_size=2GB",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_line_prefix=%m [%p] %d ",
];

/// Makes the cluster, unless it is there.
pub(super) async fn prepare(server: Server, site: &Site) -> Result<(), LocalServersError> {
    let data = site.folder.data(server);
    if data.join("PG_VERSION").exists() {
        return forget_a_stranger(&data);
    }
    let new = site.folder.data_in_the_making(server);
    if new.exists() {
        fs::remove_dir_all(&new).map_err(file("delete", &new))?;
    }
    fs::create_dir(&new).map_err(file("create", &new))?;
    fs::set_permissions(&new, Permissions::from_mode(0o700)).map_err(file("close", &new))?;
    site.run_as.own(&new)?;
    let log = site.folder.log(&format!("initdb-{}", server.id()));
    process::run("initdb", initdb(&new, site), log).await?;
    fs::rename(&new, &data).map_err(file("rename", &new))
}

fn initdb(data: &Path, site: &Site) -> Command {
    let mut command = site.run_as.command(&site.binaries.postgres("initdb"));
    command
        .arg("--pgdata")
        .arg(data)
        .args(["--username", ROLE, "--auth", "trust"])
        .args(["--encoding", "UTF8", "--locale-provider", "builtin"])
        .args(["--builtin-locale", "C.UTF-8", "--no-instructions"])
        // The user's locale may not be installed, and means nothing here.
        .env("LC_ALL", "C")
        .current_dir(data);
    if site.throwaway {
        command.arg("--no-sync");
    }
    command
}

/// After a power cut the number in `postmaster.pid` may belong to any other
/// process of the same user, and PostgreSQL would not start beside it. Its own
/// leftovers were ended before this.
fn forget_a_stranger(data: &Path) -> Result<(), LocalServersError> {
    let path = data.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&path) else {
        return Ok(());
    };
    let pid = text.lines().next().and_then(|line| line.parse().ok());
    match pid.and_then(Pid::from_raw) {
        Some(pid) if is_alive(pid) && !is_run_from(pid, data.parent().unwrap_or(data)) => {
            fs::remove_file(&path).map_err(file("delete", &path))
        }
        _ => Ok(()),
    }
}

/// The server itself, in the foreground.
pub(super) fn command(server: Server, site: &Site, port: u16) -> Command {
    let data = site.folder.data(server);
    let mut command = site.run_as.command(&site.binaries.postgres("postgres"));
    command.arg("-D").arg(&data).args(["-p", &port.to_string()]);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command
        .args(["-c", &format!("cluster_name={}", server.id())])
        .env("LC_ALL", "C")
        .current_dir(data);
    command
}

/// Where a database of the cluster is.
pub(super) fn url(port: u16, database: &str) -> String {
    format!("postgres://{ROLE}@127.0.0.1:{port}/{database}")
}

/// Whether it accepts connections.
pub(super) async fn answers(port: u16) -> bool {
    match PgConnection::connect(&url(port, "postgres")).await {
        Ok(connection) => connection.close().await.is_ok(),
        Err(_) => false,
    }
}
