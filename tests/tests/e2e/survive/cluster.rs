//! The cluster of the log, archived as it works: a base backup of it, and a
//! cluster that is made of that and of the archive. By PostgreSQL's own functions,
//! as no tool of its version can be counted on to be there.

use anyhow::{Context as _, Result, ensure};
use infra::local_servers::{Server, free_port};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection as _, PgConnection};
use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
};
use tests::{PrivateServers, wait_until};
use tokio::process::{Child, Command};

/// What of a running cluster belongs to its process, or comes from the archive.
const LEFT_OUT: [&str; 5] = [
    "postmaster.pid",
    "postmaster.opts",
    "pg_wal",
    "pg_replslot",
    "pg_dynshmem",
];
/// Folders that PostgreSQL wants to find all the same.
const EMPTY: [&str; 4] = [
    "pg_wal",
    "pg_wal/archive_status",
    "pg_replslot",
    "pg_dynshmem",
];

/// A cluster whose write-ahead log is copied to a folder, file by file.
pub struct Archived {
    /// `postgres://…:PORT/postgres`.
    url: String,
    data: PathBuf,
    archive: PathBuf,
    /// The server that runs it.
    program: PathBuf,
    /// How many connections it was told to take, on its command line: a cluster
    /// that recovers must take as many.
    connections: String,
}

/// A cluster of its own; ended with its value.
pub struct Restored {
    port: u16,
    process: Child,
}

impl Archived {
    /// Begins to archive the cluster of the log.
    pub async fn begin(events_url: &str, servers: &PrivateServers) -> Result<Self> {
        let (server, _) = events_url.rsplit_once('/').context("no database")?;
        let url = format!("{server}/postgres");
        let mut session = PgConnection::connect(&url).await?;
        let data: String = sqlx::query_scalar("SHOW data_directory")
            .fetch_one(&mut session)
            .await?;
        let data = PathBuf::from(data);
        let connections = sqlx::query_scalar("SHOW max_connections");
        let connections = connections.fetch_one(&mut session).await?;
        let archive = data.with_file_name("archive");
        fs::create_dir(&archive)?;
        own_like(&data, &archive)?;
        let copy = format!(
            "test ! -f \"{0}/%f\" && cp \"%p\" \"{0}/%f\"",
            archive.display()
        );
        for sql in [
            "ALTER SYSTEM SET archive_mode = on".to_owned(),
            format!("ALTER SYSTEM SET archive_command = '{copy}'"),
        ] {
            sqlx::raw_sql(&sql).execute(&mut session).await?;
        }
        session.close().await?;
        let pid = fs::read_to_string(data.join("postmaster.pid"))?;
        let pid = pid.lines().next().context("no process id")?;
        let program = fs::read_link(format!("/proc/{pid}/exe"))?;
        servers.restart(Server::Events).await?;
        Ok(Self {
            url,
            data,
            archive,
            program,
            connections,
        })
    }

    /// A copy of the files, taken while they change.
    pub async fn base_backup(&self) -> Result<PathBuf> {
        let copy = self.data.with_file_name("base-backup");
        let mut session = PgConnection::connect(&self.url).await?;
        sqlx::query("SELECT pg_backup_start('trial', fast => true)")
            .execute(&mut session)
            .await?;
        let (from, to) = (self.data.clone(), copy.clone());
        tokio::task::spawn_blocking(move || copied(&from, &to, &LEFT_OUT)).await??;
        // Waits until all that the copy needs is in the archive.
        let label: String = sqlx::query_scalar("SELECT labelfile FROM pg_backup_stop()")
            .fetch_one(&mut session)
            .await?;
        session.close().await?;
        for folder in EMPTY {
            fs::create_dir(copy.join(folder))?;
        }
        fs::write(copy.join("backup_label"), label)?;
        Ok(copy)
    }

    /// Gives this moment a name.
    pub async fn name_moment(&self, name: &str) -> Result<()> {
        let mut session = PgConnection::connect(&self.url).await?;
        sqlx::query("SELECT pg_create_restore_point($1)")
            .bind(name)
            .execute(&mut session)
            .await?;
        Ok(session.close().await?)
    }

    /// Waits until everything so far is in the archive.
    pub async fn is_archived(&self) -> Result<()> {
        let mut session = PgConnection::connect(&self.url).await?;
        let last: String = sqlx::query_scalar("SELECT pg_walfile_name(pg_switch_wal())")
            .fetch_one(&mut session)
            .await?;
        session.close().await?;
        wait_until(&format!("{last} in the archive"), async || {
            // It is there before it is whole; the next look is at its size.
            let file = fs::metadata(self.archive.join(&last));
            Ok(file.is_ok_and(|f| f.len() == 16 << 20).then_some(()))
        })
        .await
    }

    /// Makes a cluster of a copy, as of that moment.
    pub async fn restored_to(&self, copy: &Path, moment: &str) -> Result<Restored> {
        let data = self.data.with_file_name("restored");
        fs::rename(copy, &data)?;
        fs::write(data.join("recovery.signal"), "")?;
        let settings = data.join("postgresql.auto.conf");
        let settings_before = fs::read_to_string(&settings)?;
        let archive = self.archive.display();
        fs::write(
            &settings,
            format!(
                "{settings_before}\nrestore_command = 'cp \"{archive}/%f\" \"%p\"'\n\
                 recovery_target_name = '{moment}'\n\
                 recovery_target_action = 'promote'\n"
            ),
        )?;
        fs::set_permissions(&data, Permissions::from_mode(0o700))?;
        own_like(&self.data, &data)?;
        let port = free_port()?;
        let log = fs::File::create(self.data.with_file_name("restored.log"))?;
        let process = run_like(&self.data, &self.program)?
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .args(["-c", &format!("max_connections={}", self.connections)])
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let restored = Restored { port, process };
        let url = restored.at(&self.url)?;
        wait_until("the restored cluster to be itself", async || {
            let Ok(mut session) = PgConnection::connect(&url).await else {
                return Ok(None);
            };
            let recovers: bool = sqlx::query_scalar("SELECT pg_is_in_recovery()")
                .fetch_one(&mut session)
                .await?;
            Ok((!recovers).then_some(()))
        })
        .await?;
        Ok(restored)
    }
}

impl Restored {
    /// A URL of the old cluster, as one of this.
    pub fn at(&self, url: &str) -> Result<String> {
        let (server, database) = url.rsplit_once('/').context("no database")?;
        let (server, _) = server.rsplit_once(':').context("no port")?;
        Ok(format!("{server}:{}/{database}", self.port))
    }

    /// Ends it and waits until it has.
    pub async fn stop(mut self) -> Result<()> {
        let pid = self.process.id().and_then(|id| i32::try_from(id).ok());
        let pid = pid.and_then(Pid::from_raw).context("it has ended")?;
        kill_process(pid, Signal::INT)?;
        let ended = self.process.wait().await?;
        ensure!(ended.success(), "PostgreSQL ended with {ended}");
        Ok(())
    }
}

/// A command of whom these files belong to: PostgreSQL refuses root.
fn run_like(data: &Path, program: &Path) -> Result<Command> {
    if !rustix::process::geteuid().is_root() {
        return Ok(Command::new(program));
    }
    let owner = fs::metadata(data)?;
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={}", owner.uid()))
        .arg(format!("--regid={}", owner.gid()))
        .args([
            "--clear-groups",
            "--securebits=+no_setuid_fixup",
            "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override",
        ])
        .arg(program);
    Ok(command)
}

/// Gives files to whom `like` belongs to.
fn own_like(like: &Path, path: &Path) -> io::Result<()> {
    let owner = fs::metadata(like)?;
    chown(path, Some(owner.uid()), Some(owner.gid()))?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            own_like(like, &entry?.path())?;
        }
    }
    Ok(())
}

fn copied(from: &Path, to: &Path, left_out: &[&str]) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if left_out.iter().any(|name| *name == entry.file_name()) {
            continue;
        }
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copied(&from, &to, &[])?;
            continue;
        }
        match fs::copy(&from, &to) {
            // Dropped meanwhile: the archive says so.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            copied => drop(copied?),
        }
    }
    Ok(())
}
