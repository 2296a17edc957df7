//! The folder of the local servers: `data/`, `log/`, `run/` and a lock.

use super::{LocalServersError, Server, error::file, log_file::LogFile};
use std::{
    fs::{self, File, TryLockError},
    io::{Seek as _, Write as _},
    path::{Path, PathBuf},
    process,
};

/// An open folder. The lock ends with this value, also when its process is
/// killed.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder and takes its lock: two processes never share one.
    pub fn open(dir: &Path) -> Result<Self, LocalServersError> {
        fs::create_dir_all(dir).map_err(file("create", dir))?;
        let root = dir.canonicalize().map_err(file("find", dir))?;
        let lock = lock(&root)?;
        for name in ["data", "log", "run"] {
            let sub = root.join(name);
            fs::create_dir_all(&sub).map_err(file("create", &sub))?;
        }
        Ok(Self { root, _lock: lock })
    }

    /// The folder itself, absolute and without symbolic links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a server keeps its data.
    pub fn data(&self, server: Server) -> PathBuf {
        self.root.join("data").join(server.id())
    }

    /// Where the data of a server is prepared, to be renamed when complete.
    pub fn data_in_the_making(&self, server: Server) -> PathBuf {
        self.root.join("data").join(format!("{}.new", server.id()))
    }

    /// A log of a server or of a step before its start.
    pub fn log(&self, name: &str) -> LogFile {
        LogFile::at(self.root.join("log").join(format!("{name}.log")))
    }

    /// A generated file of a server: configuration, pid, scratch space.
    pub fn run(&self, name: &str) -> PathBuf {
        self.root.join("run").join(name)
    }

    /// Where the process id of a server is kept.
    pub fn pid_file(&self, server: Server) -> PathBuf {
        self.run(&format!("{}.pid", server.id()))
    }

    /// Deletes the data of every server.
    pub fn clear(&self) -> Result<(), LocalServersError> {
        let data = self.root.join("data");
        fs::remove_dir_all(&data).map_err(file("delete", &data))?;
        fs::create_dir(&data).map_err(file("create", &data))
    }
}

/// Takes the lock file, in which the holder writes its process id for the
/// message that others get.
fn lock(root: &Path) -> Result<File, LocalServersError> {
    let path = root.join("lock");
    let mut lock = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(file("open", &path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(LocalServersError::InUse {
                dir: root.to_owned(),
                owner: owner(&path),
            });
        }
        Err(TryLockError::Error(source)) => return Err(file("lock", &path)(source)),
    }
    lock.set_len(0)
        .and_then(|()| lock.rewind())
        .and_then(|()| write!(lock, "{}", process::id()))
        .map_err(file("write", &path))?;
    Ok(lock)
}

fn owner(path: &Path) -> String {
    match fs::read_to_string(path) {
        Ok(pid) if !pid.is_empty() => format!("process {pid}"),
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_holder_at_a_time() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = Folder::open(dir.path()).expect("nobody holds it");
        let refused = Folder::open(dir.path()).expect_err("it is held");
        assert!(
            refused
                .to_string()
                .contains(&format!("process {}", process::id())),
            "{refused}"
        );
        drop(first);
        Folder::open(dir.path()).expect("it was let go");
    }

    #[test]
    fn clearing_leaves_no_data() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(dir.path()).expect("nobody holds it");
        fs::create_dir(folder.data(Server::Redis)).expect("data");
        folder.clear().expect("cleared");
        assert!(!folder.data(Server::Redis).exists());
    }
}
