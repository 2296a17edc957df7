//! A hot standby of the cluster of the read models: a copy of its data that
//! follows it by streaming replication. For trials of read replicas.

use super::{LocalServersError, Server, Site, error::file, postgres, run_as::RunAs};
use sqlx::{Connection as _, PgConnection};
use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// What of a running cluster is of that process, or comes over the wire.
const LEFT_OUT: [&str; 6] = [
    "postmaster.pid",
    "postmaster.opts",
    "pg_wal",
    "pg_replslot",
    "pg_dynshmem",
    "pg_stat_tmp",
];
/// Folders of them that PostgreSQL wants to find.
const EMPTY: [&str; 5] = [
    "pg_wal",
    "pg_wal/archive_status",
    "pg_replslot",
    "pg_dynshmem",
    "pg_stat_tmp",
];

/// Copies the data of the cluster that listens on `primary`, unless it is
/// there.
pub(super) async fn prepare(site: &Site, primary: u16) -> Result<(), LocalServersError> {
    let data = site.folder.data(Server::Standby);
    if data.exists() {
        return Ok(());
    }
    let source = site.folder.data(Server::Views);
    let label = backup(primary, &source, &data)
        .await
        .map_err(file("copy", &source))?;
    let settings = format!("primary_conninfo = 'host=127.0.0.1 port={primary} user=orderlog'\n");
    for (name, text) in [
        ("backup_label", label.as_str()),
        ("postgresql.auto.conf", &settings),
        ("standby.signal", ""),
    ] {
        let path = data.join(name);
        fs::write(&path, text).map_err(file("write", &path))?;
    }
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).map_err(file("close", &data))?;
    own(site.run_as, &data)
}

/// A low-level base backup: between its begin and its end files may be copied
/// while they change. What has to be written beside the copy.
async fn backup(primary: u16, source: &Path, data: &Path) -> io::Result<String> {
    let url = postgres::url(primary, "postgres");
    let mut session = PgConnection::connect(&url)
        .await
        .map_err(io::Error::other)?;
    sqlx::query("SELECT pg_backup_start('standby', fast => true)")
        .execute(&mut session)
        .await
        .map_err(io::Error::other)?;
    let (from, to) = (source.to_owned(), data.to_owned());
    let copied = tokio::task::spawn_blocking(move || copy(&from, &to, &LEFT_OUT)).await;
    copied.map_err(io::Error::other)??;
    let label =
        sqlx::query_scalar("SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)")
            .fetch_one(&mut session)
            .await
            .map_err(io::Error::other)?;
    for folder in EMPTY {
        fs::create_dir(data.join(folder))?;
    }
    Ok(label)
}

fn copy(from: &Path, to: &Path, left_out: &[&str]) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if left_out.iter().any(|name| *name == entry.file_name()) {
            continue;
        }
        let (from, to): (PathBuf, PathBuf) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&from, &to, &[])?;
        } else {
            match fs::copy(&from, &to) {
                // Dropped meanwhile: the log says so.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                copied => drop(copied?),
            }
        }
    }
    Ok(())
}

fn own(run_as: RunAs, path: &Path) -> Result<(), LocalServersError> {
    run_as.own(path)?;
    if path.is_dir() {
        for entry in fs::read_dir(path).map_err(file("read", path))? {
            own(run_as, &entry.map_err(file("read", path))?.path())?;
        }
    }
    Ok(())
}
