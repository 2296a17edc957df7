//! A server as a child process: its log, its end, and signals to it.

use super::{
    LocalServersError, Server, ServerExit, error::file, folder::Folder, log_file::LogFile,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    process::{ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    sync::watch,
};

/// How long a server may take to stop before it is killed.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where the first unexpected death is announced.
pub(super) type Deaths = watch::Sender<Option<ServerExit>>;

/// A running server. Dropping it ends the server without waiting for it.
#[derive(Debug)]
pub(super) struct Process {
    server: Server,
    pid: Pid,
    log: LogFile,
    ended: watch::Receiver<Option<ExitStatus>>,
    watched: Arc<AtomicBool>,
    deaths: Deaths,
}

impl Process {
    /// Starts a server. It gets a process group of its own, so that a Ctrl-C
    /// on the terminal reaches us alone and the servers outlive the roles that
    /// are still draining.
    pub fn spawn(
        server: Server,
        mut command: Command,
        folder: &Folder,
        deaths: Deaths,
    ) -> Result<Self, LocalServersError> {
        let mut log = folder.log(server.id());
        let (stdout, stderr) = log.open()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0)
            .spawn()
            .map_err(|source| cannot_run(&command, source))?;
        let pid = pid_of(&child)?;
        let pid_file = folder.pid_file(server);
        fs::write(&pid_file, pid.as_raw_nonzero().to_string()).map_err(file("write", &pid_file))?;
        let (end, ended) = watch::channel(None);
        let process = Self {
            server,
            pid,
            log,
            ended,
            watched: Arc::default(),
            deaths,
        };
        tokio::spawn(process.supervise(child, end));
        Ok(process)
    }

    /// Waits for the child, so that it never stays a zombie, and announces its
    /// end where it is watched.
    fn supervise(
        &self,
        mut child: Child,
        end: watch::Sender<Option<ExitStatus>>,
    ) -> impl Future<Output = ()> + use<> {
        let (watched, deaths) = (self.watched.clone(), self.deaths.clone());
        let (server, log) = (self.server, self.log.clone());
        async move {
            let status = match child.wait().await {
                Ok(status) => status,
                Err(error) => {
                    tracing::error!(%server, %error, "local_server.wait_failed");
                    ExitStatus::from_raw(-1)
                }
            };
            end.send_replace(Some(status));
            if watched.load(Ordering::SeqCst) {
                announce(&deaths, exit(server, status, &log));
            }
        }
    }

    /// From now on its end is a failure that `deaths` hears of.
    pub fn watch(&self) {
        self.watched.store(true, Ordering::SeqCst);
        // It may have ended before the store: then nobody announced it.
        if let Some(exit) = self.exit() {
            announce(&self.deaths, exit);
        }
    }

    /// How it ended, when it has.
    pub fn exit(&self) -> Option<ServerExit> {
        let status = *self.ended.borrow();
        status.map(|status| exit(self.server, status, &self.log))
    }

    /// Its log.
    pub fn log(&self) -> &LogFile {
        &self.log
    }

    /// Waits until it has ended.
    pub async fn ended(&self) {
        // An error means that the supervisor is gone, and the child with it.
        let _ = self.ended.clone().wait_for(Option::is_some).await;
    }

    /// Ends it cleanly; kills it when that takes too long.
    pub async fn stop(&self) {
        self.watched.store(false, Ordering::SeqCst);
        self.signal(self.server.stop_signal());
        if tokio::time::timeout(PATIENCE, self.ended()).await.is_err() {
            tracing::warn!(server = %self.server, "local_server.killed");
            self.kill().await;
        }
    }

    /// Ends it with SIGKILL, as a crash would.
    pub async fn kill(&self) {
        self.watched.store(false, Ordering::SeqCst);
        self.signal(Signal::KILL);
        self.ended().await;
    }

    /// Sends a signal, unless it has ended: its number may be another's then.
    fn signal(&self, signal: Signal) {
        if self.ended.borrow().is_none() {
            // It may end at this very moment; there is nothing to do then.
            let _ = kill_process(self.pid, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.watched.store(false, Ordering::SeqCst);
        self.signal(self.server.abort_signal());
    }
}

/// Runs a step before a server's start to its end.
pub(super) async fn run(
    what: &'static str,
    mut command: Command,
    mut log: LogFile,
) -> Result<(), LocalServersError> {
    let (stdout, stderr) = log.open()?;
    let status = command
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0)
        .kill_on_drop(true)
        .status()
        .await
        .map_err(|source| cannot_run(&command, source))?;
    if status.success() {
        return Ok(());
    }
    Err(LocalServersError::Preparation {
        what,
        status,
        log: log.path().to_owned(),
        tail: log.tail(),
    })
}

fn exit(server: Server, status: ExitStatus, log: &LogFile) -> ServerExit {
    ServerExit {
        server,
        status,
        log: log.path().to_owned(),
        tail: log.tail(),
    }
}

/// Keeps the first death: the others usually follow from it.
fn announce(deaths: &Deaths, exit: ServerExit) {
    deaths.send_if_modified(|first| {
        let is_first = first.is_none();
        first.get_or_insert(exit);
        is_first
    });
}

fn pid_of(child: &Child) -> Result<Pid, LocalServersError> {
    child
        .id()
        .and_then(|id| Pid::from_raw(id.cast_signed()))
        .ok_or_else(|| file("start", "a server")(std::io::Error::other("it has no process id")))
}

fn cannot_run(command: &Command, source: std::io::Error) -> LocalServersError {
    let program = command
        .as_std()
        .get_program()
        .to_string_lossy()
        .into_owned();
    let hint = match program.as_str() {
        "setpriv" => {
            "the folder is closed to the user `nobody`, as whom root runs PostgreSQL: \
             install util-linux, start as an ordinary user, or move the checkout"
        }
        name if name.ends_with("java") => {
            "install a Java runtime, 17 or newer, for example with \
             `apt-get install default-jre-headless`"
        }
        _ => "delete the folder of the fetched servers and start again",
    };
    LocalServersError::Program {
        program,
        hint,
        source,
    }
}
