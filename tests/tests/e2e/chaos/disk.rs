//! The disk of the log is full.

use super::system::System;
use anyhow::{Context as _, Result, bail, ensure};
use infra::local_servers::Server;
use sqlx::{Connection as _, PgConnection};
use std::{
    fs::{self, File, Permissions},
    io::{ErrorKind, Write as _},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tests::{DEADLINE, PrivateServers, TestEnv};
use tokio::time::{sleep, timeout};

/// What the log may grow by, in MiB, before there is something else on its
/// disk.
const ROOM: u64 = 48;
/// What PostgreSQL says.
const NO_ROOM: &str = "No space left on device";

/// While there is no room for tables, commands are refused, to be tried again;
/// when there is none for the write-ahead log either, PostgreSQL ends itself.
/// With room, and PostgreSQL, everything goes on.
pub async fn there_is_no_room(
    env: &TestEnv,
    servers: &PrivateServers,
    system: &mut System<'_>,
    disk: &SmallDisk,
) -> Result<()> {
    system.clients.are_answered(100).await?;
    disk.fill()?;
    system.clients.are_refused(50).await?;
    system.apis[0].log_line(NO_ROOM).await?;
    disk.make_room()?;
    system.clients.are_answered(100).await?;

    disk.fill()?;
    let ended = async {
        tokio::select! {
            exit = servers.exited() => Some(exit),
            () = use_up_the_write_ahead_log(&env.config.events_url) => None,
        }
    };
    let exit = timeout(DEADLINE, ended).await?.context("it goes on")?;
    ensure!(exit.server == Server::Events, "{exit}");
    system.clients.are_refused(4).await?;
    disk.make_room()?;
    servers.restart(Server::Events).await?;
    system.clients.are_answered(100).await
}

/// Begins one segment after the other, also after a crash that PostgreSQL has
/// recovered from.
async fn use_up_the_write_ahead_log(url: &str) {
    loop {
        if let Ok(mut log) = PgConnection::connect(url).await {
            while begin_segment(&mut log).await.is_ok() {}
        }
        sleep(Duration::from_millis(20)).await;
    }
}

async fn begin_segment(log: &mut PgConnection) -> sqlx::Result<()> {
    let segment = "SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()";
    sqlx::query(segment).execute(log).await?;
    Ok(())
}

/// A file system in memory that holds a cluster.
pub struct SmallDisk {
    at: tempfile::TempDir,
}

impl SmallDisk {
    /// One that holds the log. Says so where none can be mounted, which takes
    /// root.
    pub async fn holds(env: &TestEnv, servers: &PrivateServers) -> Result<Option<Self>> {
        let mut log = PgConnection::connect(&env.config.events_url).await?;
        let data: String = sqlx::query_scalar("SHOW data_directory")
            .fetch_one(&mut log)
            .await?;
        // When PostgreSQL stops, these are kept as the next ones: with them the
        // write-ahead log has room for longer than the tables.
        for _ in 0..3 {
            begin_segment(&mut log).await?;
        }
        drop(log);
        servers.stop_one(Server::Events).await?;
        let disk = Self::with(Path::new(&data));
        servers.restart(Server::Events).await?;
        if let Err(error) = &disk {
            eprintln!("NOT TESTED, a full disk: {error:#}");
        }
        Ok(disk.ok())
    }

    /// Moves `data` to one, where a link leads.
    fn with(data: &Path) -> Result<Self> {
        let at = tempfile::tempdir()?;
        // The server is somebody else where the tests are root.
        fs::set_permissions(at.path(), Permissions::from_mode(0o755))?;
        let size = format!("size={}m,mode=755", megabytes_of(data)? + ROOM);
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(at.path()))?;
        let disk = Self { at };
        let moved = disk.at.path().join("data");
        run(Command::new("cp").arg("-a").arg(data).arg(&moved))?;
        fs::remove_dir_all(data)?;
        symlink(&moved, data)?;
        Ok(disk)
    }

    fn ballast(&self) -> PathBuf {
        self.at.path().join("ballast")
    }

    /// Until there is no room for a single byte.
    fn fill(&self) -> Result<()> {
        let mut ballast = File::create(self.ballast())?;
        for size in [1 << 20, 1 << 10, 1] {
            loop {
                match ballast.write_all(&vec![0; size]) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => bail!(error),
                }
            }
        }
        Ok(())
    }

    fn make_room(&self) -> Result<()> {
        Ok(fs::remove_file(self.ballast())?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server that still runs keeps what it has open.
        let unmounted = run(Command::new("umount").arg("-l").arg(self.at.path()));
        if let Err(error) = unmounted {
            eprintln!("{} is left mounted: {error:#}", self.at.path().display());
        }
    }
}

fn megabytes_of(folder: &Path) -> Result<u64> {
    let output = Command::new("du").arg("-sm").arg(folder).output()?;
    let text = String::from_utf8(output.stdout)?;
    let number = text.split_whitespace().next().context("du says nothing")?;
    Ok(number.parse()?)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {}", said.trim());
    Ok(())
}
