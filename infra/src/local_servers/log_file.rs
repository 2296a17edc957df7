//! Log files of child processes, and the end of them.

use super::{LocalServersError, error::file};
use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    process::Stdio,
};

/// Lines of a log that are shown when its server dies.
const TAIL_LINES: usize = 20;
/// How far back they are looked for, in bytes.
const TAIL_BYTES: u64 = 64 * 1024;
/// A log larger than this is put aside at the next start, in bytes.
const ROTATE_BYTES: u64 = 16 * 1024 * 1024;

/// A log that a child process appends to.
#[derive(Debug, Clone)]
pub(super) struct LogFile {
    path: PathBuf,
    /// Its length when the child was started: what is older is not about it.
    start: u64,
}

impl LogFile {
    /// A log that was not opened yet.
    pub fn at(path: PathBuf) -> Self {
        Self { path, start: 0 }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it for a new child: what to give to its standard output and
    /// error. The tail begins here.
    pub fn open(&mut self) -> Result<(Stdio, Stdio), LocalServersError> {
        self.open_inner().map_err(file("open", &self.path))
    }

    fn open_inner(&mut self) -> io::Result<(Stdio, Stdio)> {
        if fs::metadata(&self.path).is_ok_and(|log| log.len() > ROTATE_BYTES) {
            fs::rename(&self.path, self.path.with_extension("log.1"))?;
        }
        let log = File::options().create(true).append(true).open(&self.path)?;
        self.start = log.metadata()?.len();
        Ok((log.try_clone()?.into(), log.into()))
    }

    /// The last lines since the start of the child, each indented; says so
    /// when there are none.
    pub fn tail(&self) -> String {
        let text = self.read_end().unwrap_or_else(|error| error.to_string());
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.split_at(lines.len().saturating_sub(TAIL_LINES)).1;
        if last.is_empty() {
            return "  (it said nothing)".to_owned();
        }
        last.iter()
            .map(|line| format!("  {line}"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn read_end(&self) -> io::Result<String> {
        let mut log = File::open(&self.path)?;
        let from = self
            .start
            .max(log.metadata()?.len().saturating_sub(TAIL_BYTES));
        log.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        log.take(TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_of_this_start_only() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("server.log");
        fs::write(&path, "an earlier failure\n").expect("written");
        let mut log = LogFile::at(path.clone());
        log.open().expect("opened");
        assert_eq!(log.tail(), "  (it said nothing)");

        let old = fs::read_to_string(&path).expect("read");
        let new = (1..=30).map(|n| format!("line {n}\n")).collect::<Vec<_>>();
        fs::write(&path, old + &new.concat()).expect("written");
        let tail = log.tail();
        assert_eq!(tail.lines().count(), TAIL_LINES);
        assert!(tail.starts_with("  line 11\n") && tail.ends_with("  line 30"));
    }
}
