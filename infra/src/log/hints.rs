//! When to look at the log again: hints of writers, which may be lost.

use super::reader::LogReader;
use crate::event_store::CHANNEL;
use sqlx::{PgPool, postgres::PgListener};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::task::AbortOnDropHandle;

const RETRY: Duration = Duration::from_millis(500);

/// Listens to the hints of a log, on one connection of its pool, for as long as
/// it lives. Polling is the guarantee (`docs/ARCHITECTURE.md`, invariant 4).
#[derive(Debug)]
pub struct LogHints {
    hint: Arc<Notify>,
    _listener: AbortOnDropHandle<()>,
}

impl LogHints {
    /// Begins to listen.
    pub fn listen(log: PgPool) -> Self {
        let hint = Arc::new(Notify::new());
        let listener = tokio::spawn(listen(log, Arc::clone(&hint)));
        Self {
            hint,
            _listener: AbortOnDropHandle::new(listener),
        }
    }

    /// Waits for a hint, at most so long; whether one came.
    pub async fn wait(&self, at_most: Duration) -> bool {
        timeout(at_most, self.hint.notified()).await.is_ok()
    }
}

impl LogReader {
    /// Begins to listen for hints of what it reads.
    pub fn hints(&self) -> LogHints {
        LogHints::listen(self.listener.as_ref().unwrap_or(&self.pool).clone())
    }
}

/// Passes hints on until it is aborted.
async fn listen(log: PgPool, hint: Arc<Notify>) {
    loop {
        if let Err(error) = pass_on(&log, &hint).await {
            tracing::debug!(%error, "log.listen_failed");
        }
        sleep(RETRY).await;
    }
}

async fn pass_on(log: &PgPool, hint: &Notify) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(log).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // One may have been missed before.
        hint.notify_one();
        listener.try_recv().await?;
    }
}
