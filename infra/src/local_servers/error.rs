//! What can go wrong with local servers, in words that say what to do.

use super::Server;
use std::{io, path::PathBuf, process::ExitStatus, time::Duration};

/// Why the local servers could not be fetched, started or reached.
#[derive(Debug, thiserror::Error)]
pub enum LocalServersError {
    /// There are no server packages for this machine.
    #[error(
        "local servers exist for Linux on amd64 and arm64, not for {os} on {arch}: \
         name running servers with ORDERLOG_EVENTS_URL, ORDERLOG_VIEWS_URL, ORDERLOG_OPS_URL, \
         ORDERLOG_REDIS_URL and ORDERLOG_KAFKA_BOOTSTRAP_SERVERS"
    )]
    Unsupported {
        /// As `std::env::consts::OS`.
        os: &'static str,
        /// As `std::env::consts::ARCH`.
        arch: &'static str,
    },
    /// Another process holds the folder.
    #[error("{} is in use by {owner}: stop that one first, or take another folder", dir.display())]
    InUse {
        /// The folder of the servers.
        dir: PathBuf,
        /// `process PID`, as far as known.
        owner: String,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {what} {}", path.display())]
    File {
        /// What was tried: `create`, `read`…
        what: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A program is not installed or cannot be run.
    #[error("cannot run `{program}` ({hint})")]
    Program {
        /// Its name.
        program: String,
        /// What to do about it.
        hint: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Maven did not deliver.
    #[error("Maven could not fetch the servers ({status}); the end of what it said:\n{output}")]
    Maven {
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its output.
        output: String,
    },
    /// A fetched package does not hold what it should.
    #[error("the package {} cannot be unpacked", package.display())]
    Package {
        /// The jar.
        package: PathBuf,
        /// What was wrong with it.
        #[source]
        source: io::Error,
    },
    /// PostgreSQL refuses root and there is nobody else to run it.
    #[error(
        "PostgreSQL does not run as root, and this system has no user `nobody` to run it as: \
         start as an ordinary user"
    )]
    NoNobody,
    /// No free TCP port was found.
    #[error("no free TCP port on 127.0.0.1")]
    NoPort(#[source] io::Error),
    /// A step before the start of a server failed (initdb, kafka-storage).
    #[error("{what} failed ({status}); the end of {}:\n{tail}", log.display())]
    Preparation {
        /// Which step.
        what: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// Where its output is.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// A server ended although nobody told it to.
    #[error(transparent)]
    Exited(#[from] ServerExit),
    /// A server runs but does not answer.
    #[error("{server} did not answer within {} s; the end of {}:\n{tail}", waited.as_secs(), log.display())]
    Silent {
        /// Which one.
        server: Server,
        /// How long it was given.
        waited: Duration,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// The server asked for is not among those started.
    #[error("{0} is not run here: it was replaced by a URL")]
    NotRun(Server),
}

/// A server that ended although nobody told it to: which one, how, and the
/// last lines of its log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{server} ended by itself ({status}); the end of {}:\n{tail}", log.display())]
pub struct ServerExit {
    /// Which one.
    pub server: Server,
    /// `exit status: 1`, `signal: 9 (SIGKILL)`.
    pub status: ExitStatus,
    /// Its log.
    pub log: PathBuf,
    /// The last lines of the log since this start, each indented.
    pub tail: String,
}

/// Turns an `io::Error` into one that names the file.
pub(super) fn file(
    what: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(io::Error) -> LocalServersError {
    let path = path.into();
    move |source| LocalServersError::File { what, path, source }
}
