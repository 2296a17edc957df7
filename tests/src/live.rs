//! What has to be ended when the run is: servers and roles. A panicking test
//! drops its own; a signal would leave them.

use infra::local_servers::{LocalServers, LocalServersError, Options, Progress};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::BTreeSet,
    io::{self, Write as _},
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::RwLock,
};

static SERVERS: Mutex<Vec<Weak<LocalServers>>> = Mutex::new(Vec::new());
static ROLES: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());
/// Held for reading while servers are being started: half-started ones could
/// not be ended.
static STARTS: RwLock<()> = RwLock::const_new(());

/// Starts servers that are ended with the run, whatever ends it.
pub async fn start_servers(
    options: Options,
    progress: Progress<'_>,
) -> Result<Arc<LocalServers>, LocalServersError> {
    let _start = STARTS.read().await;
    let servers = Arc::new(LocalServers::start(options, progress).await?);
    lock(&SERVERS).push(Arc::downgrade(&servers));
    Ok(servers)
}

/// Remembers a role.
pub(crate) fn add_role(pid: Pid) {
    lock(&ROLES).insert(pid.as_raw_nonzero().get());
}

/// Forgets a role that was waited for: its number may be used again.
pub(crate) fn remove_role(pid: Pid) {
    lock(&ROLES).remove(&pid.as_raw_nonzero().get());
}

/// Ends everything on SIGINT and SIGTERM, and the process with it.
pub(crate) async fn end_on_signals() -> io::Result<()> {
    let (mut int, mut term) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    tokio::select! { _ = int.recv() => {}, _ = term.recv() => {} }
    let _ = writeln!(io::stderr(), "\ninterrupted: ending servers and roles");
    for pid in lock(&ROLES).iter().copied().filter_map(Pid::from_raw) {
        // It may have ended at this very moment.
        let _ = kill_process(pid, Signal::KILL);
    }
    let _no_more = STARTS.write().await;
    let servers: Vec<_> = lock(&SERVERS).iter().filter_map(Weak::upgrade).collect();
    for set in servers {
        set.stop().await;
    }
    std::process::exit(130)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
