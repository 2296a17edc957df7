//! Start, drain and stop: one token that every task watches, signals that
//! cancel it, and tasks whose failure ends the process.

use crate::{postgres::Pools, telemetry};
use std::{fmt, future::Future};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Why a role ended by itself.
pub type RoleError = Box<dyn std::error::Error + Send + Sync>;

/// Handed to every role: when to stop, and where to put its tasks and pools.
#[derive(Clone, Default)]
pub struct Lifecycle {
    /// Cancelled when the role is to stop.
    pub shutdown: CancellationToken,
    /// Its pools, to be measured.
    pub pools: Pools,
    tasks: TaskTracker,
    failures: Failures,
}

/// The first failure wins; the rest is in the log.
#[derive(Clone, Default)]
struct Failures(std::sync::Arc<std::sync::OnceLock<(String, String)>>);

/// A task that ended although nobody told it to.
#[derive(Debug)]
pub struct TaskFailed {
    /// Which one.
    pub task: String,
    /// Why, with its causes.
    pub reason: String,
}

impl fmt::Display for TaskFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed: {}", self.task, self.reason)
    }
}

impl std::error::Error for TaskFailed {}

impl Lifecycle {
    /// A lifecycle that nobody has told to stop.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a task until it ends. Its error or panic is logged, remembered,
    /// and cancels everything else.
    pub fn spawn<F>(&self, name: impl Into<String>, task: F)
    where
        F: Future<Output = Result<(), RoleError>> + Send + 'static,
    {
        let (name, this) = (name.into(), self.clone());
        self.tasks.spawn(async move {
            let reason = match tokio::spawn(task).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error_chain(error.as_ref()),
                Err(panic) => panic.to_string(),
            };
            this.fail(name, reason);
        });
    }

    /// Records a failure and stops everything.
    pub fn fail(&self, task: String, reason: String) {
        tracing::error!(task, reason, "task.failed");
        let _ = self.failures.0.set((task, reason));
        self.shutdown.cancel();
    }

    /// Cancels on the first SIGTERM, SIGINT or SIGHUP; a second SIGTERM or
    /// SIGINT ends the process at once.
    pub fn stop_on_signals(&self) -> std::io::Result<()> {
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        // The terminal is closed.
        let mut hup = signal(SignalKind::hangup())?;
        let shutdown = self.shutdown.clone();
        tokio::spawn(async move {
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {}, _ = hup.recv() => {} }
            tracing::info!("shutdown.requested");
            shutdown.cancel();
            tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
            tracing::warn!("shutdown.forced");
            telemetry::end();
            std::process::exit(1);
        });
        Ok(())
    }

    /// Waits until everything has stopped; an error when a task failed.
    pub async fn finished(&self) -> Result<(), TaskFailed> {
        self.shutdown.cancelled().await;
        self.tasks.close();
        self.tasks.wait().await;
        match self.failures.0.get() {
            None => Ok(()),
            Some((task, reason)) => Err(TaskFailed {
                task: task.clone(),
                reason: reason.clone(),
            }),
        }
    }
}

/// An error with all its causes, in one line; those that say their cause themselves
/// say it once.
pub fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !text.ends_with(&told) {
            text = format!("{text}: {told}");
        }
        cause = error.source();
    }
    text
}
